namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>
/// Cosine and sine of each position and frequency, computed here so that the graph knows nothing of the kinds of scaling. Frequencies
/// and angles are rounded to float32 on the way, because the models were trained on tables made that way: at position 100,000 the
/// exact angle differs from theirs by thousandths.
/// </summary>
internal sealed class RotaryTables
{
    private readonly float[] _frequencies;
    private readonly float _magnitude;

    /// <param name="paddedHeadSize">Frequencies beyond the head size are zero: they rotate zeros.</param>
    public RotaryTables(RotarySettings settings, int headSize, int paddedHeadSize)
    {
        _magnitude = (float)settings.Magnitude;
        _frequencies = new float[paddedHeadSize / 2];
        for (int i = 0; i < headSize / 2; i++)
        {
            _frequencies[i] = Frequency(settings, headSize, i);
        }
    }

    public int FrequencyCount => _frequencies.Length;

    /// <summary>Writes one row [head size / 2] of each table.</summary>
    public void Fill(int position, Span<float> cosine, Span<float> sine)
    {
        for (int i = 0; i < _frequencies.Length; i++)
        {
            float angle = position * _frequencies[i];
            (double sin, double cos) = Math.SinCos(angle);
            cosine[i] = (float)cos * _magnitude;
            sine[i] = (float)sin * _magnitude;
        }
    }

    private static float Frequency(RotarySettings settings, int headSize, int index)
    {
        float plain = (float)(1.0 / (float)Math.Pow(settings.Theta, (float)(2 * index) / headSize));
        if (settings.Divisors is { } divisors)
        {
            plain /= divisors[index];
        }

        return settings.Kind switch
        {
            RotaryKind.Linear => plain / (float)settings.Factor,
            RotaryKind.Llama3 => Llama3(settings, plain),
            RotaryKind.Yarn => Yarn(settings, headSize, index, plain),
            _ => plain,
        };
    }

    // Llama 3.1's rule: short waves stay, long ones are stretched by the factor, those between are blended.
    private static float Llama3(RotarySettings settings, float plain)
    {
        double wavelength = 2 * Math.PI / plain;
        if (wavelength < settings.OriginalContext / settings.HighFrequencyFactor)
        {
            return plain;
        }

        if (wavelength > settings.OriginalContext / settings.LowFrequencyFactor)
        {
            return plain / (float)settings.Factor;
        }

        double blend = ((settings.OriginalContext / wavelength) - settings.LowFrequencyFactor)
            / (settings.HighFrequencyFactor - settings.LowFrequencyFactor);
        return (float)(((1 - blend) * plain / settings.Factor) + (blend * plain));
    }

    // YaRN, section 3.2: frequencies that turn more than beta_fast times within the original context stay, those that turn less
    // than beta_slow times are stretched, a ramp over the index joins them.
    private static float Yarn(RotarySettings settings, int headSize, int index, float plain)
    {
        double low = Math.Max(Math.Floor(IndexOfTurns(settings, headSize, settings.BetaFast)), 0);
        double high = Math.Min(Math.Ceiling(IndexOfTurns(settings, headSize, settings.BetaSlow)), headSize - 1);
        double ramp = Math.Clamp((index - low) / (high == low ? 0.001 : high - low), 0, 1);
        return (float)((plain / settings.Factor * ramp) + (plain * (1 - ramp)));
    }

    private static double IndexOfTurns(RotarySettings settings, int headSize, double turns) =>
        headSize * Math.Log(settings.OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(settings.Theta));
}
