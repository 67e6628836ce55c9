using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Simulation;

/// <summary>
/// One engine under random arrivals, cancellations and model faults, decided by one seed. Throws at the first step after which
/// something does not hold.
/// </summary>
internal sealed class EngineSimulation
{
    private readonly Random _random;
    private readonly SimulationSettings _settings;
    private readonly CoreDriver _driver;
    private readonly ExpectedTokens _expected;
    private readonly WaitBound _waits;
    private readonly Router _router;
    private readonly Dictionary<long, GenerationRequest> _open = [];
    private readonly HashSet<long> _cancelled = [];
    private long _nextId = 1;
    private bool _failsOnce;

    public EngineSimulation(int seed)
    {
        _random = new Random(seed);
        _settings = SimulationSettings.From(_random);
        _driver = new CoreDriver(_settings.Shape, _settings.Options, _settings.Costs, _settings.Memory);
        _driver.Runner.Fault = InjectFault;
        _router = new Router(_driver, _settings.Options.PrefixBlock);
        _expected = new ExpectedTokens(_settings);
        _waits = new WaitBound(_driver.Core, _driver.Recorder, _settings.Tenants);
    }

    public int StepsDone { get; private set; }

    public int Finished { get; private set; }

    /// <summary>Prompt tokens that were taken over from another sequence.</summary>
    public long Reused { get; private set; }

    /// <summary>Sequences that their deadline ended.</summary>
    public int Late { get; private set; }

    /// <summary>Drafted tokens that came true, and those that did not.</summary>
    public (long Accepted, long Rejected) Drafts => (_driver.Core.AcceptedTokens, _driver.Core.DraftedTokens - _driver.Core.AcceptedTokens);

    /// <summary>How often a sequence lost its slot to others.</summary>
    public long Preempted => _driver.Core.Preemptions;

    /// <summary>Sequences refused, cancelled, faulted: so that a test can show that all of it happened.</summary>
    public (int Refused, int Cancelled, int Faulted) Unhappy { get; private set; }

    /// <summary>The model failed so often that the engine gave up, as it should.</summary>
    public bool DeviceBlamed { get; private set; }

    private bool IsDeviceDead => StepsDone > _settings.DeviceDiesAtStep;

    public void Run(int steps)
    {
        while (StepsDone < steps && !DeviceBlamed)
        {
            Arrive();
            CancelSome();
            _failsOnce = _random.NextDouble() < _settings.TransientFaultRate;
            Step();
        }

        Drain();
    }

    private void Arrive()
    {
        while (_random.NextDouble() < _settings.ArrivalRate)
        {
            GenerationRequest request = _settings.NextRequest(_random, _nextId++, _expected, _driver.Time.GetUtcNow());
            bool hasRoom = _open.Count < _settings.Shape.Slots + _settings.Options.MaxWaiting;
            AdmissionOutcome outcome = _driver.Core.Inbox.Offer(request, 0);
            Ensure.That(outcome == (hasRoom ? AdmissionOutcome.Admitted : AdmissionOutcome.QueueFull), $"{outcome} with {_open.Count} open");
            if (hasRoom)
            {
                _open.Add(request.Id, request);
                _waits.Arrived(request);
                _driver.Recorder.Expect(request.Id, request.EmittedIds.Length);
            }
            else
            {
                Unhappy = Unhappy with { Refused = Unhappy.Refused + 1 };
            }
        }
    }

    private void CancelSome()
    {
        foreach (long id in _open.Keys)
        {
            if (_random.NextDouble() < _settings.CancelRate)
            {
                _driver.Core.Inbox.Cancel(id);
                _cancelled.Add(id);
            }
        }
    }

    private void Step()
    {
        StepsDone++;
        DateTimeOffset before = _driver.Time.GetUtcNow();
        try
        {
            _driver.Step();
        }
        catch (ModelRunException)
        {
            DeviceBlamed = true;
            _driver.Core.EndAll(FinishReason.EngineStopping);
        }

        Reused += _driver.Recorder.LastStep.Sum(token => token.CachedTokens);
        CollectEnded();
        if (DeviceBlamed)
        {
            return;
        }

        Ensure.That(_open.Values.All(request => !(request.Deadline <= before)), "a sequence went on after its deadline");
        Ensure.That(_cancelled.Count == 0, "a cancelled sequence went on after the next step");
        Ensure.That(_open.Count == _driver.Core.Sequences.Count, "the engine holds other sequences than those that have not ended");
        _waits.Check();
        if (_random.Next(3) == 0)
        {
            // not after every step: a router may miss changes, but must never be wrong after the last
            _router.Follow();
            _router.Check();
        }
    }

    /// <summary>Nothing comes any more: what is open ends within the steps that its work takes.</summary>
    private void Drain()
    {
        int work = _open.Values.Sum(request => request.PromptIds.Length + request.MaxTokens + 1);
        if (_settings.Options.KvTokens > 0)
        {
            // a preemption comes with a token of an older sequence, and costs at most a prefill of the whole context
            work *= _settings.Shape.ContextLength * _settings.Shape.Slots;
        }

        for (int step = 0; _open.Count > 0 && !DeviceBlamed; step++)
        {
            Ensure.That(step <= work, $"{_open.Count} sequences are still open after {work} steps without arrivals");
            Step();
        }

        Ensure.That(_open.Count == 0, "a sequence was never told its end");
        Ensure.That(_driver.Core.Inbox.OpenCount == 0 && _driver.Core.Slots.Occupied == 0, "something is held though all is over");
    }

    private void CollectEnded()
    {
        foreach (GenerationRequest request in _open.Values)
        {
            if (_driver.Recorder.HasEnded(request.Id))
            {
                CheckEnded(request, _driver.Recorder[request.Id]);
                _open.Remove(request.Id);
                _cancelled.Remove(request.Id);
            }
        }
    }

    private void CheckEnded(GenerationRequest request, StepRecorder.Output output)
    {
        List<int> expected = _expected.Of(request, out FinishReason finish);
        List<int> all = [.. request.EmittedIds, .. output.Ids];
        bool isWhole = output.Finish is FinishReason.Stop or FinishReason.Length;
        Ensure.That(all.Count <= expected.Count && all.SequenceEqual(expected[..all.Count]), "tokens differ from those of the sequence alone");
        Ensure.That(!isWhole || (all.Count == expected.Count && output.Finish == finish), $"ended by {output.Finish}, expected {finish}");
        Ensure.That(output.Finish != FinishReason.Cancelled || _cancelled.Contains(request.Id), "cancelled by nobody");
        Ensure.That(output.Finish != FinishReason.DeadlineExceeded || request.Deadline <= _driver.Time.GetUtcNow(), "ended before its deadline");
        Ensure.That(output.Finish != FinishReason.EngineStopping || DeviceBlamed, "stopped by nobody");
        Ensure.That(output.Finish != FinishReason.ModelFault || finish == FinishReason.ModelFault || IsDeviceDead, "a fault hit a sequence without one");
        Finished += isWhole ? 1 : 0;
        Late += output.Finish == FinishReason.DeadlineExceeded ? 1 : 0;
        Unhappy = Unhappy with
        {
            Cancelled = Unhappy.Cancelled + (output.Finish == FinishReason.Cancelled ? 1 : 0),
            Faulted = Unhappy.Faulted + (output.Finish == FinishReason.ModelFault ? 1 : 0),
        };
    }

    /// <summary>Lasting faults belong to a history; a transient one strikes the first decode run of a step and is gone.</summary>
    private void InjectFault(ReadOnlySpan<int> history, Span<float> logits)
    {
        if (IsDeviceDead)
        {
            throw new ModelRunException("dead");
        }

        if (_failsOnce && _driver.Runner.IsDecoding)
        {
            _failsOnce = false;
            throw new ModelRunException("transient");
        }

        _settings.InjectLastingFault(history, logits);
    }
}
