using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Scheduling;

public sealed class InboxTests
{
    private readonly Inbox _inbox = new(limit: 3);

    [Fact]
    public void Offer_AtTheLimit_RefusesUntilOneEnds()
    {
        Offer(1, 2, 3);
        Assert.Equal(AdmissionOutcome.QueueFull, _inbox.Offer(Requests.Of(4), 0));

        _inbox.Forget(2);

        Assert.Equal(AdmissionOutcome.Admitted, _inbox.Offer(Requests.Of(4), 0));
    }

    [Fact]
    public void Offer_IdInUse_IsTheCallersBug()
    {
        Offer(1);

        Assert.Throws<ArgumentException>(() => _inbox.Offer(Requests.Of(1), 0));
    }

    [Fact]
    public void Offer_AfterClose_IsDraining()
    {
        _inbox.Close();

        Assert.Equal(AdmissionOutcome.Draining, _inbox.Offer(Requests.Of(1), 0));
    }

    [Fact]
    public void Cancel_ManyTimes_IsTakenOnce()
    {
        Offer(1);
        for (int i = 0; i < 1000; i++)
        {
            _inbox.Cancel(1);
        }

        List<long> cancellations = [];
        _inbox.Take([], cancellations);

        Assert.Equal([1], cancellations);
    }

    private void Offer(params ReadOnlySpan<long> ids)
    {
        foreach (long id in ids)
        {
            Assert.Equal(AdmissionOutcome.Admitted, _inbox.Offer(Requests.Of(id), 0));
        }
    }
}
