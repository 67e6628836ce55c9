using System.Globalization;

namespace DeepSeekOrleans.Language.Tokenization.Normalization;

/// <summary>
/// Unicode's canonical decompositions, compositions and combining classes, from the embedded table. The runtime has them only
/// together with ICU, and this project runs in invariant mode, where <c>string.Normalize</c> leaves text as it is.
/// </summary>
internal static class CanonicalData
{
    private static readonly Dictionary<int, (int First, int Second)> Decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> Compositions = [];
    private static readonly Dictionary<int, byte> Classes = [];
    private static readonly HashSet<int> SecondParts = [];

    /// <summary>No character from here on decomposes, composes or combines.</summary>
    private const int ActiveLimit = 0x30000;

    private static readonly bool[] Active = new bool[ActiveLimit];

    static CanonicalData()
    {
        using Stream stream = typeof(CanonicalData).Assembly.GetManifestResourceStream("CanonicalData.txt")
            ?? throw new InvalidOperationException("the table CanonicalData.txt is not embedded");
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is string line)
        {
            Read(line.Split(' '));
        }

        Array.Fill(Active, true, NfcNormalizer.VowelFirst, NfcNormalizer.HangulPartCount);
    }

    /// <summary>The canonical combining class; 0 for a starter.</summary>
    public static byte CombiningClass(int codePoint) => Classes.GetValueOrDefault(codePoint);

    /// <summary>One step of decomposition; the second part is 0 for a singleton.</summary>
    public static bool TryDecompose(int codePoint, out (int First, int Second) parts) => Decompositions.TryGetValue(codePoint, out parts);

    public static bool TryCompose(int first, int second, out int composed) => Compositions.TryGetValue((first, second), out composed);

    /// <summary>Whether the character, in some neighbourhood, is anything but its own normal form.</summary>
    public static bool IsActive(int codePoint) => codePoint < ActiveLimit && Active[codePoint];

    /// <summary>Whether the character can become part of the one before it.</summary>
    public static bool IsSecondPart(int codePoint) => SecondParts.Contains(codePoint);

    private static void Read(string[] fields)
    {
        switch (fields[0])
        {
            case "C":
                for (int code = Hex(fields[2]); code <= Hex(fields[3]); code++)
                {
                    Classes.Add(code, byte.Parse(fields[1], CultureInfo.InvariantCulture));
                    Active[code] = true;
                }

                break;
            case "D" or "X":
                int second = fields.Length > 3 ? Hex(fields[3]) : 0;
                Decompositions.Add(Hex(fields[1]), (Hex(fields[2]), second));
                Active[Hex(fields[1])] = true;
                if (fields[0] == "D")
                {
                    Compositions.Add((Hex(fields[2]), second), Hex(fields[1]));
                    SecondParts.Add(second);
                    Active[second] = true;
                }

                break;
        }
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
