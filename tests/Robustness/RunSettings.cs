using System.Globalization;
using System.Security.Cryptography;

namespace DeepSeekOrleans.Robustness;

/// <param name="IsLong">The numbers of the deep runs instead of those of every run.</param>
/// <param name="Seed">Decides what is asked, whom a fault hits and when; not how the machine schedules it.</param>
/// <param name="Limit">How long the faults of one scenario may go on; null for its own.</param>
/// <param name="Ids">Scenarios to run; none for all.</param>
internal sealed record RunSettings(bool IsLong, int Seed, TimeSpan? Limit, IReadOnlyList<string> Ids)
{
    public const string Usage =
        "usage: dotnet run -c Release --project tests/Robustness -- [short|long|R01 R02 ...] [--seed N] [--minutes M] [--int8]";

    /// <summary>
    /// Weights and KV cache of 8 bits, with which chunks share their runs with decode rows and a continued answer has the bits of an
    /// undisturbed one; without it float32.
    /// </summary>
    public bool IsInt8 { get; init; }

    /// <summary>The short set with a seed of its own.</summary>
    public static RunSettings Short => new(IsLong: false, RandomNumberGenerator.GetInt32(int.MaxValue), Limit: null, []);

    /// <summary>Null when the words are none of ours.</summary>
    public static RunSettings? Parse(IReadOnlyList<string> words)
    {
        RunSettings settings = Short;
        for (int index = 0; index < words.Count; index++)
        {
            string? value = index + 1 < words.Count ? words[index + 1] : null;
            switch (words[index])
            {
                case "short" or "long":
                    settings = settings with { IsLong = words[index] == "long" };
                    break;
                case "--seed" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seed):
                    settings = settings with { Seed = seed };
                    index++;
                    break;
                case "--minutes" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double minutes):
                    settings = settings with { Limit = TimeSpan.FromMinutes(minutes) };
                    index++;
                    break;
                case "--int8":
                    settings = settings with { IsInt8 = true };
                    break;
                case ['R', ..] id when Rig.Scenarios.Any(scenario => scenario.Id == id):
                    settings = settings with { Ids = [.. settings.Ids, id] };
                    break;
                default:
                    return null;
            }
        }

        return settings;
    }

    public string Replay(string id) => $"dotnet run -c Release --project tests/Robustness -- {(IsLong ? "long " : "")}{id} --seed {Seed}"
        + (Limit is { } limit ? string.Create(CultureInfo.InvariantCulture, $" --minutes {limit.TotalMinutes}") : "")
        + (IsInt8 ? " --int8" : "");
}
