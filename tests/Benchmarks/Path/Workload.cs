namespace DeepSeekOrleans.Benchmarks.Path;

/// <summary>
/// The same work for both sides: so many streams at once, each asking one story after the other, seeded so that both sides generate the
/// same tokens and no answer is in a cache.
/// </summary>
internal static class Workload
{
    public const int Streams = 16;

    public const int RequestsPerStream = 6;

    public const int MaxTokens = 200;

    public const float Temperature = 0.8f;

    public static int Seed(int stream, int request, int round) => 1 + stream + (request * Streams) + (round * Streams * RequestsPerStream);

    public static string Question(int stream) => $"Tell me a story about {Subjects[stream % Subjects.Length]}.";

    private static readonly string[] Subjects = ["a dog", "a cat", "a bird", "a tree", "a boat", "a star", "a fish", "a house"];
}
