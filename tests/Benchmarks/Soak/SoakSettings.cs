using System.Globalization;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Engine.Onnx.Calibration;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Benchmarks.Soak;

/// <summary>How long, and with which form of the demo model.</summary>
internal sealed record SoakSettings(TimeSpan Length, ModelForm Form)
{
    private const string Usage = "usage: soak [--minutes 5] [--form NAME] [--kv-int8]";

    /// <exception cref="ArgumentException">An argument is unknown.</exception>
    public static SoakSettings Parse(string[] arguments)
    {
        double minutes = 5;
        EngineForm form = EngineForm.Find(ModelPrecision.Float32.Name());
        Int8KvCache? cache = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--minutes" when i + 1 < arguments.Length && double.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out minutes):
                    i++;
                    break;
                case "--form" when i + 1 < arguments.Length:
                    form = EngineForm.Find(arguments[++i]);
                    break;
                case "--kv-int8":
                    cache = new Int8KvCache(Int8KvCache.DefaultText, KvPeaks.Measure);
                    break;
                default:
                    throw new ArgumentException(Usage);
            }
        }

        return minutes > 0 ? new SoakSettings(TimeSpan.FromMinutes(minutes), new ModelForm(form.Precision, cache)) : throw new ArgumentException(Usage);
    }
}
