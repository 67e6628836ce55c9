using System.Globalization;

namespace DeepSeekOrleans.Embedded.Grpc.Protocol;

/// <summary>The value of grpc-timeout: one to eight digits and a unit ("Timeout" in PROTOCOL-HTTP2.md).</summary>
internal static class TimeoutHeader
{
    private const int MaxDigits = 8;
    private const long MaxValue = 99_999_999;
    private const long NanosecondsPerTick = 100;

    private static readonly (char Unit, long Ticks)[] UnitsFromFine =
    [
        ('u', TimeSpan.TicksPerMicrosecond),
        ('m', TimeSpan.TicksPerMillisecond),
        ('S', TimeSpan.TicksPerSecond),
        ('M', TimeSpan.TicksPerMinute),
        ('H', TimeSpan.TicksPerHour),
    ];

    /// <summary>The finest unit that fits into eight digits, rounded up so that the server never gives up before the client.</summary>
    public static string Format(TimeSpan timeout)
    {
        foreach ((char unit, long ticks) in UnitsFromFine)
        {
            long count = (timeout.Ticks + ticks - 1) / ticks;
            if (count <= MaxValue)
            {
                return count.ToString(CultureInfo.InvariantCulture) + unit;
            }
        }

        return $"{MaxValue}H";
    }

    public static bool TryParse(string? value, out TimeSpan timeout)
    {
        timeout = TimeSpan.Zero;
        if (value is not { Length: >= 2 and <= MaxDigits + 1 }
            || !long.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            return false;
        }

        long? ticks = value[^1] switch
        {
            'n' => (count + NanosecondsPerTick - 1) / NanosecondsPerTick,
            'u' => count * TimeSpan.TicksPerMicrosecond,
            'm' => count * TimeSpan.TicksPerMillisecond,
            'S' => count * TimeSpan.TicksPerSecond,
            'M' => count * TimeSpan.TicksPerMinute,
            'H' => count * TimeSpan.TicksPerHour,
            _ => null,
        };
        timeout = new TimeSpan(ticks ?? 0);
        return ticks > 0;
    }
}
