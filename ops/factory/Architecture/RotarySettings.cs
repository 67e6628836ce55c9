namespace DeepSeekOrleans.ModelFactory.Architecture;

internal enum RotaryKind
{
    Plain,
    Linear,
    Llama3,
    Yarn,
}

/// <summary>How positions rotate queries and keys: <c>rope_theta</c> and <c>rope_scaling</c> of <c>config.json</c>.</summary>
internal sealed record RotarySettings(RotaryKind Kind, double Theta)
{
    public double Factor { get; private init; } = 1;

    /// <summary>The context that the model was first trained with, in positions; scaling counts from it.</summary>
    public int OriginalContext { get; private init; }

    public double LowFrequencyFactor { get; private init; }

    public double HighFrequencyFactor { get; private init; }

    public double BetaFast { get; private init; }

    public double BetaSlow { get; private init; }

    /// <summary>What cosines and sines are multiplied by (YaRN; 1 otherwise).</summary>
    public double Magnitude { get; private init; } = 1;

    /// <summary>What DeepSeek's latent attention multiplies its scale by (1 without YaRN).</summary>
    public double SoftmaxFactor { get; private init; } = 1;

    /// <summary>What each frequency is divided by, before any scaling of its kind; null for none.</summary>
    public IReadOnlyList<float>? Divisors { get; init; }

    public static RotarySettings Parse(ConfigReader config, int contextLength)
    {
        // Newer files keep everything, theta included, in one object.
        ConfigReader? scaling = config.Object("rope_parameters") ?? config.Object("rope_scaling");
        ConfigReader thetaOwner = scaling is not null && scaling.Has("rope_theta") ? scaling : config;
        double theta = thetaOwner.Number("rope_theta", 1.000_001, 1e12, 10_000);
        string? kind = scaling?.Text("rope_type") ?? scaling?.Text("type");
        return kind switch
        {
            null or "default" => new RotarySettings(RotaryKind.Plain, theta),
            "linear" => new RotarySettings(RotaryKind.Linear, theta) { Factor = Scale(scaling!) },
            "llama3" => Llama3(scaling!, theta),
            "yarn" => Yarn(scaling!, theta, contextLength),
            _ => throw config.Refused("rope_scaling", "must be of type default, linear, llama3 or yarn"),
        };
    }

    private static double Scale(ConfigReader scaling) => scaling.Number("factor", 1, 1e6);

    private static RotarySettings Llama3(ConfigReader scaling, double theta)
    {
        RotarySettings settings = new(RotaryKind.Llama3, theta)
        {
            Factor = Scale(scaling),
            OriginalContext = scaling.Integer("original_max_position_embeddings", 1, 4_194_304),
            LowFrequencyFactor = scaling.Number("low_freq_factor", 1e-6, 1e6),
            HighFrequencyFactor = scaling.Number("high_freq_factor", 1e-6, 1e6),
        };
        return settings.HighFrequencyFactor > settings.LowFrequencyFactor
            ? settings
            : throw scaling.Refused("high_freq_factor", "must be larger than low_freq_factor");
    }

    private static RotarySettings Yarn(ConfigReader scaling, double theta, int contextLength)
    {
        double factor = Scale(scaling);
        return new RotarySettings(RotaryKind.Yarn, theta)
        {
            Factor = factor,
            OriginalContext = scaling.Integer("original_max_position_embeddings", 1, 4_194_304, contextLength),
            BetaFast = scaling.Number("beta_fast", 1e-6, 1e6, 32),
            BetaSlow = scaling.Number("beta_slow", 1e-6, 1e6, 1),
            Magnitude = Magnify(scaling, factor),
            // Queries and keys are each sharpened once, so their product twice.
            SoftmaxFactor = Math.Pow(Sharpness(factor, scaling.Number("mscale_all_dim", 0, 1e6, 0)), 2),
        };
    }

    // YaRN, equation 22: attention sharpens with the stretch of the context; DeepSeek moves the part mscale_all_dim of it from the
    // tables to the softmax. attention_factor replaces that number; attn_factor, the key of YaRN's first implementation, multiplies
    // it: DeepSeek-R1-0528-Qwen3-8B (factor 4, attn_factor 0.8782...) undoes it so.
    private static double Magnify(ConfigReader scaling, double factor)
    {
        double ratio = Sharpness(factor, scaling.Number("mscale", 0, 1e6, 1)) / Sharpness(factor, scaling.Number("mscale_all_dim", 0, 1e6, 0));
        return scaling.Number("attention_factor", 1e-6, 1e12, ratio * scaling.Number("attn_factor", 1e-6, 1e6, 1));
    }

    private static double Sharpness(double factor, double share) => (0.1 * share * Math.Log(factor)) + 1;
}
