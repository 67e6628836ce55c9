using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DeepSeekOrleans.ModelFactory.RandomModels;

/// <summary>
/// The weights of one tensor as bf16: normally distributed with the standard deviation that models of this family begin training with.
/// They depend on the seed and the tensor's name alone, so that fewer layers are the beginning of the same model.
/// </summary>
internal sealed class RandomBrainFloats
{
    /// <summary>The usual <c>initializer_range</c>: activations keep their size through every layer.</summary>
    public const double StandardDeviation = 0.02;

    private const ulong Increment = 0x9E37_79B9_7F4A_7C15;
    private const ushort One = 0x3F80;

    // The sum of four uniform 16-bit numbers is close to normal; it has only additions, so every machine draws the same bits.
    private const double SumMean = 4 * 65_535 / 2.0;
    private static readonly float Scale = (float)(StandardDeviation / Math.Sqrt(4 * ((65_536.0 * 65_536) - 1) / 12));

    private readonly TensorRole _role;
    private ulong _state;

    public RandomBrainFloats(ulong seed, TensorShape tensor)
    {
        _role = tensor.Role;
        _state = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{tensor.Name}")));
    }

    /// <summary>Draws the next numbers of the tensor.</summary>
    public void Fill(Span<ushort> target)
    {
        if (_role == TensorRole.Norm)
        {
            target.Fill(One);
            return;
        }

        for (int i = 0; i < target.Length; i++)
        {
            target[i] = Next();
        }
    }

    // SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    private ushort Next()
    {
        ulong bits = _state += Increment;
        bits = (bits ^ (bits >> 30)) * 0xBF58_476D_1CE4_E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D0_49BB_1331_11EB;
        bits ^= bits >> 31;
        int sum = (ushort)bits + (ushort)(bits >> 16) + (ushort)(bits >> 32) + (int)(bits >> 48);
        return (ushort)(BitConverter.SingleToUInt32Bits((sum - (float)SumMean) * Scale) >> 16);
    }
}
