using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.KvCaching;

/// <summary>Steps of 8-bit numbers, from the largest magnitudes that were seen.</summary>
internal static class KvScales
{
    // A text of a few hundred words does not show the largest numbers that a model can make. What is larger still saturates.
    private const float Margin = 1.1f;
    private const int Largest = 127;

    // Channels of zeros (of widened heads) need a scale too.
    private const float LeastPeak = 1e-6f;

    // Numbers of a cache are far below it; beyond, the model or the machine is broken.
    private const float MostPeak = 1e6f;

    /// <exception cref="ModelFormatException">A magnitude is not a number, or absurd.</exception>
    public static float[] Of(float[] peaks, string graphFile) => Array.TrueForAll(peaks, peak => peak is >= 0 and < MostPeak)
        ? Array.ConvertAll(peaks, peak => RoundUp(Math.Max(peak, LeastPeak) * Margin / Largest))
        : throw new ModelFormatException(graphFile, "the keys and values of the calibration text are not numbers, or larger than a model's can be");

    // To 8 significant bits: another CPU, whose sums differ in their last bits, then finds the same scales.
    private static float RoundUp(float scale) => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(scale) + 0xFFFF) & 0xFFFF_0000);
}
