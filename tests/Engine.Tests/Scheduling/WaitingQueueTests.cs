using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Scheduling;

public sealed class WaitingQueueTests
{
    private readonly WaitingQueue _queue = new();

    [Fact]
    public void TryDequeue_OneTenant_FirstComeFirstServed()
    {
        Enqueue("a", 1, 2, 3);

        Assert.Equal([1, 2, 3], DequeueAll());
    }

    [Fact]
    public void TryDequeue_OneTenantFloods_OthersTakeTurns()
    {
        Enqueue("flood", 1, 2, 3, 4, 5);
        Enqueue("b", 11);
        Enqueue("c", 21, 22);

        Assert.Equal([1, 11, 21, 2, 22, 3, 4, 5], DequeueAll());
    }

    [Fact]
    public void TryDequeue_TenantComesBack_WaitsForItsTurn()
    {
        Enqueue("a", 1, 2);
        Enqueue("b", 11);
        Assert.Equal(1, Dequeue());
        Assert.Equal(11, Dequeue());

        Enqueue("b", 12);

        Assert.Equal([2, 12], DequeueAll());
    }

    [Fact]
    public void Remove_FromTheMiddle_KeepsOrderAndCount()
    {
        Sequence[] sequences = Enqueue("a", 1, 2, 3);

        _queue.Remove(sequences[1]);

        Assert.Equal(2, _queue.Count);
        Assert.Equal([1, 3], DequeueAll());
    }

    [Fact]
    public void Remove_LastOfATenant_ItsTurnIsGone()
    {
        Sequence[] sequences = Enqueue("a", 1);
        Enqueue("b", 11);

        _queue.Remove(sequences[0]);

        Assert.Equal([11], DequeueAll());
    }

    [Fact]
    public void TryDequeue_HigherPriority_GoesFirstWithinItsTenant()
    {
        Enqueue("a", 1, 2);
        _queue.Enqueue(Requests.Of(3, tenant: "a") with { Priority = 1 });
        _queue.Enqueue(Requests.Of(4, tenant: "a") with { Priority = -1 });
        _queue.Enqueue(Requests.Of(5, tenant: "a") with { Priority = 1 });
        Enqueue("a", 6);

        Assert.Equal([3, 5, 1, 2, 6, 4], DequeueAll());
    }

    [Fact]
    public void TryDequeue_AnswersBegunElsewhere_GoBeforeNewOnesWhateverTheirPriority()
    {
        Enqueue("a", 1);
        _queue.Enqueue(Requests.Of(2, tenant: "a") with { Priority = 1 });
        _queue.Enqueue(Requests.Of(3, tenant: "a").ContinuedAfter([5]));
        _queue.Enqueue(Requests.Of(4, tenant: "a").ContinuedAfter([5, 6]) with { Priority = 1 });
        Enqueue("a", 5);

        Assert.Equal([3, 4, 2, 1, 5], DequeueAll());
    }

    [Theory]
    [InlineData(true, new long[] { 1 })]
    [InlineData(false, new long[] { 1, 11, 12 })]
    public void TryDequeue_SuspectOnTrial_LetsOthersInUnlessItIsTriedAlone(bool alone, long[] expected)
    {
        Sequence suspect = _queue.EnqueueSuspect(Requests.Of(1, tenant: "a"), breaks: 1, alone);
        _queue.EnqueueSuspect(Requests.Of(2, tenant: "a"), breaks: 1, alone);
        Enqueue("b", 11, 12);

        List<long> taken = [Dequeue()];
        suspect.Slot = 0;
        while (_queue.Next is { } next)
        {
            Assert.Equal(next.Request.Id, Dequeue());
            taken.Add(next.Request.Id);
        }

        Assert.Equal(expected, taken);
    }

    [Fact]
    public void TryDequeue_HigherPriorityOfOneTenant_TakesNoTurnOfAnother()
    {
        for (int id = 1; id <= 3; id++)
        {
            _queue.Enqueue(Requests.Of(id, tenant: "urgent") with { Priority = 2 });
        }

        _queue.Enqueue(Requests.Of(11, tenant: "b") with { Priority = -2 });

        Assert.Equal([1, 11, 2, 3], DequeueAll());
    }

    [Fact]
    public void Return_SequenceThatLostItsSlot_GoesBeforeHigherPriorities()
    {
        Enqueue("a", 1);
        _queue.TryDequeue(out Sequence sequence);
        sequence.Suspend();
        _queue.Return(sequence);

        _queue.Enqueue(Requests.Of(2, tenant: "a") with { Priority = 2 });

        Assert.Equal([1, 2], DequeueAll());
    }

    private Sequence[] Enqueue(string tenant, params long[] ids) => [.. ids.Select(id => _queue.Enqueue(Requests.Of(id, tenant: tenant)))];

    private long Dequeue() => _queue.TryDequeue(out Sequence sequence) ? sequence.Request.Id : -1;

    private List<long> DequeueAll()
    {
        List<long> ids = [];
        while (_queue.TryDequeue(out Sequence sequence))
        {
            ids.Add(sequence.Request.Id);
        }

        return ids;
    }
}
