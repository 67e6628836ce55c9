namespace DeepSeekOrleans.Engine.Tests.Fakes;

/// <summary>Keeps what the engine emitted, per sequence, and throws when tokens come out of order or after the end.</summary>
internal sealed class StepRecorder : IStepObserver
{
    private readonly Dictionary<long, Output> _outputs = [];

    public int StepsTold { get; private set; }

    public List<EmittedToken> LastStep { get; } = [];

    public Output this[long id] => _outputs[id];

    public bool HasEnded(long id) => _outputs.TryGetValue(id, out Output? output) && output.Finish is not null;

    /// <summary>Expects the sequence to begin at this index; without it, at 0.</summary>
    public void Expect(long id, int firstIndex) => _outputs[id] = new Output(firstIndex);

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        StepsTold++;
        LastStep.Clear();
        LastStep.AddRange(tokens);
        foreach (EmittedToken token in tokens)
        {
            if (!_outputs.TryGetValue(token.SequenceId, out Output? output))
            {
                output = new Output(0);
                _outputs.Add(token.SequenceId, output);
            }

            output.Append(token);
        }
    }

    internal sealed class Output(int firstIndex)
    {
        public List<int> Ids { get; } = [];

        public FinishReason? Finish { get; private set; }

        public void Append(EmittedToken token)
        {
            if (Finish is not null || token.Index != firstIndex + Ids.Count || (token.TokenId < 0 && token.Finish is null))
            {
                throw new InvalidOperationException($"{token} after {Ids.Count} tokens from {firstIndex}, finish {Finish}");
            }

            if (token.TokenId >= 0)
            {
                Ids.Add(token.TokenId);
            }

            Finish = token.Finish;
        }
    }
}
