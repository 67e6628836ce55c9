using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace DeepSeekOrleans.Simulation.Workload;

/// <summary>
/// Requests drawn from the clients of a production DeepSeek-R1 service: each client's arrivals (Gamma with its rate and variation in
/// the service's busiest ten minutes) and lengths (its histograms). The data names no prefixes, so no two prompts share one.
/// </summary>
internal static class ServeGenTrace
{
    public const string File = "traces/servegen_reason_deepseek-r1.tar.gz";

    // the busiest ten minutes bring about this many times the rate that one worker can do
    private const int Workers = 8;

    public static Trace Draw(string path, double seconds, int seed)
    {
        Dictionary<string, string> files = Read(path);
        var random = new Random(seed);
        Client[] clients = [.. files.Keys.Where(name => name.EndsWith("-trace.csv", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(name => Client.Parse(files[name], files[name.Replace("-trace.csv", "-dataset.json", StringComparison.Ordinal)]))];
        int busiest = Enumerable.Range(0, clients.Min(client => client.Rates.Length)).MaxBy(row => clients.Sum(client => client.Rates[row].PerSecond));
        IEnumerable<TracedRequest> requests = clients.SelectMany(client => client.Draw(busiest, seconds, random));
        return new Trace("ServeGen DeepSeek-R1", BlockTokens: 512, Workers, [.. requests.OrderBy(request => request.At)]);
    }

    private static Dictionary<string, string> Read(string path)
    {
        using var tar = new TarReader(new GZipStream(System.IO.File.OpenRead(path), CompressionMode.Decompress));
        Dictionary<string, string> files = [];
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { } data)
            {
                files.Add(entry.Name, new StreamReader(data).ReadToEnd());
            }
        }

        return files;
    }

    private sealed record Client((double PerSecond, double Variation)[] Rates, Histogram Prompts, Histogram Outputs)
    {
        public static Client Parse(string rates, string lengths)
        {
            // of the windows of six hours those that have no requests hold two entries
            JsonElement window = JsonElement.Parse(lengths).EnumerateObject().Select(property => property.Value)
                .MaxBy(value => value.GetProperty("input_tokens").GetString()!.Length);
            return new Client(
                [.. rates.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ParseRate)],
                Histogram.Parse(window.GetProperty("input_tokens").GetString()!),
                Histogram.Parse(window.GetProperty("output_tokens").GetString()!));
        }

        public IEnumerable<TracedRequest> Draw(int row, double seconds, Random random)
        {
            (double perSecond, double variation) = Rates[row];
            if (perSecond == 0)
            {
                yield break;
            }

            var gaps = new GammaGaps(perSecond, Math.Max(variation, 0.1), random);
            for (double at = gaps.Next(); at < seconds; at += gaps.Next())
            {
                yield return new TracedRequest(at, Prompts.Draw(random), Outputs.Draw(random), []);
            }
        }

        // time, requests per second, coefficient of variation, and a fitted distribution that these two say as well
        private static (double PerSecond, double Variation) ParseRate(string line)
        {
            string[] fields = line.Split(',');
            return (double.Parse(fields[1], CultureInfo.InvariantCulture), double.Parse(fields[2], CultureInfo.InvariantCulture));
        }
    }
}
