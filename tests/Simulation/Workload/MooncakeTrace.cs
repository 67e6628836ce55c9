using System.Text.Json;

namespace DeepSeekOrleans.Simulation.Workload;

/// <summary>An hour of a chat service: times, lengths, and which blocks of 512 tokens prompts share.</summary>
internal static class MooncakeTrace
{
    public const string File = "traces/mooncake_conversation_trace.jsonl";

    private const int BlockTokens = 512;

    // the trace's rate comes near what eight of the simulated workers can do, so it is taken as it is for eight
    private const int Workers = 8;

    public static Trace Read(string path) => new("Mooncake conversations", BlockTokens, Workers, [.. System.IO.File.ReadLines(path).Select(Parse)]);

    private static TracedRequest Parse(string line)
    {
        JsonElement request = JsonElement.Parse(line);
        int prompt = request.GetProperty("input_length").GetInt32();

        // the last name stands for a block that is not full
        IEnumerable<ulong> blocks = request.GetProperty("hash_ids").EnumerateArray().Take(prompt / BlockTokens).Select(id => id.GetUInt64() + 1);
        return new TracedRequest(
            request.GetProperty("timestamp").GetDouble() / 1000, prompt, Math.Max(request.GetProperty("output_length").GetInt32(), 1), [.. blocks]);
    }
}
