using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Engine.Tests.Fakes;

/// <summary>How long the fake runner's runs take on a clock that moves by nothing else.</summary>
/// <param name="PrefillPass">Milliseconds of a chunk that do not depend on its length.</param>
/// <param name="PromptToken">Milliseconds per token of a chunk.</param>
/// <param name="Attention">Milliseconds per token of a chunk and thousand positions before it.</param>
/// <param name="DecodePass">Milliseconds of a decode run that do not depend on its rows.</param>
/// <param name="Row">Milliseconds per row.</param>
/// <param name="Noise">The largest random part of a run's time that comes on top.</param>
internal sealed record CostModel(
    double PrefillPass, double PromptToken, double Attention, double DecodePass, double Row, double Noise = 0, int Seed = 1)
{
    private readonly Random _random = new(Seed);

    public FakeTimeProvider Time { get; } = new();

    public void Prefill(int tokens, int position) =>
        Take(PrefillPass + (tokens * (PromptToken + (Attention * position / 1000))));

    public void Decode(int rows) => Take(DecodePass + (rows * Row));

    /// <summary>Both in one pass over the weights.</summary>
    public void Joined(int tokens, int position, int rows) =>
        Take(DecodePass + (rows * Row) + (tokens * (PromptToken + (Attention * position / 1000))));

    private void Take(double milliseconds) => Time.Advance(TimeSpan.FromMilliseconds(milliseconds * (1 + (Noise * _random.NextDouble()))));
}
