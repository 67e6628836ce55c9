using DeepSeekOrleans.Engine.Stepping;
using DeepSeekOrleans.Engine.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

/// <summary>Alone, because it looks at the heap of the whole process.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}

[Collection(AloneCollection.Name)]
public sealed class AbortTests
{
    private const int Aborts = 1_000;
    private const long Tolerance = 64 * 1024;

    [Fact]
    public void R08_1000AbortsAtRandomTokens_SlotsAreFreeWithinTwoStepsAndNothingGrows()
    {
        var clients = new Clients(seed: 8);

        clients.StepUntilAborted(Aborts / 2);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        clients.StepUntilAborted(Aborts);
        clients.StepToEnd();
        long after = GC.GetTotalMemory(forceFullCollection: true);

        Assert.Equal(Aborts, clients.Aborted);
        Assert.Equal((0, 0, 0), (clients.Core.Running, clients.Core.Waiting.Count, clients.Core.Inbox.OpenCount));
        Assert.True(after - before < Tolerance, $"{after - before} bytes more after {Aborts / 2} more aborts");
        Assert.True(clients.AbortedBeforeTheFirstToken > 20 && clients.AbortedWithinAStep > 200, $"hardly anything was aborted at a bad moment: {clients.AbortedBeforeTheFirstToken}, {clients.AbortedWithinAStep}");
    }

    /// <summary>Twelve clients for four slots, each of which goes away after a number of tokens and is followed by another.</summary>
    private sealed class Clients : IStepObserver
    {
        private const int AtOnce = 12;

        private readonly Random _random;
        private readonly Dictionary<long, int> _patience = [];
        private readonly Dictionary<long, int> _gone = [];
        private readonly List<long> _going = [];
        private int _steps;
        private long _lastId;

        public Clients(int seed)
        {
            _random = new Random(seed);
            var runner = new FakeRunner(FakeRunner.ShapeOf()) { BeforeRun = GoWithinTheStep };
            Core = new EngineCore(runner, DemoTokenizer.Instance, this, new EngineOptions { PrefillChunk = 16 }, TimeProvider.System, NullLogger.Instance);
        }

        public EngineCore Core { get; }

        public int Aborted { get; private set; }

        public int AbortedWithinAStep { get; private set; }

        public int AbortedBeforeTheFirstToken { get; private set; }

        public void StepUntilAborted(int count)
        {
            while (Aborted < count)
            {
                while (_patience.Count + _gone.Count < AtOnce && _lastId < Aborts)
                {
                    Arrive();
                }

                Step();
            }
        }

        public void StepToEnd()
        {
            while (Core.Sequences.Count > 0)
            {
                Step();
            }

            Step();
        }

        public void OnStep(ReadOnlySpan<EmittedToken> tokens)
        {
            foreach (EmittedToken token in tokens)
            {
                if (token.Finish is not null)
                {
                    Assert.Equal(FinishReason.Cancelled, token.Finish);
                    Assert.True(_gone.Remove(token.SequenceId, out _), $"sequence {token.SequenceId} was cancelled by nobody");
                    AbortedBeforeTheFirstToken += token.Index == 0 ? 1 : 0;
                    Aborted++;
                }
                else if (_patience.TryGetValue(token.SequenceId, out int patience) && token.Index + 1 >= patience)
                {
                    Leave(token.SequenceId);
                }
            }
        }

        private void Arrive()
        {
            long id = ++_lastId;
            GenerationRequest request = Requests.Of(id, promptLength: 1 + _random.Next(50), maxTokens: 200, tenant: $"t{id}");
            Assert.Equal(AdmissionOutcome.Admitted, Core.Inbox.Offer(request, 0));
            _patience.Add(id, _random.Next(5) * _random.Next(10));
            if (_patience[id] == 0)
            {
                Leave(id);
            }
        }

        /// <summary>Half of the clients go at once, the others while the model runs.</summary>
        private void Leave(long id)
        {
            _patience.Remove(id);
            _gone.Add(id, _steps);
            if (_random.Next(2) == 0)
            {
                Core.Inbox.Cancel(id);
            }
            else
            {
                _going.Add(id);
            }
        }

        private void GoWithinTheStep()
        {
            foreach (long id in _going)
            {
                // it counts from here: the step under way is the first of the two
                _gone[id] = _steps - 1;
                Core.Inbox.Cancel(id);
                AbortedWithinAStep++;
            }

            _going.Clear();
        }

        private void Step()
        {
            _steps++;
            Core.Step();
            EngineInvariants.Check(Core);
            foreach ((long id, int since) in _gone)
            {
                Assert.True(_going.Contains(id) || _steps - since < 2, $"sequence {id} goes on {_steps - since} steps after its client went");
            }
        }
    }
}
