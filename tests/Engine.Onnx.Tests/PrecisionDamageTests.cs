using System.Diagnostics;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>A converted model whose files are not what was written must not serve.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class PrecisionDamageTests(ConvertedModels models) : IDisposable
{
    private const int Damages = 100;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("damaged-");

    [Fact]
    public void R18_Load_100RandomDamages_IsRefusedWithin5SecondsNamingTheFile()
    {
        string whole = models.Prepare(Repository.DemoModel, ModelPrecision.Int8);
        string[] files = [.. Directory.GetFiles(whole).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        Random random = new(18);

        for (int damage = 0; damage < Damages; damage++)
        {
            Restore(whole, files);
            string file = files[damage % files.Length];
            string kind = Damage(file, damage / files.Length % 5, random);
            long start = Stopwatch.GetTimestamp();

            ModelFormatException refused = Assert.Throws<ModelFormatException>(
                () => OnnxModel.Load(_directory.FullName, new OnnxRunnerOptions { Slots = 1 }).Dispose());

            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5), $"damage {damage}, {kind} of {file}: refused after {Stopwatch.GetElapsedTime(start)}");
            Assert.Equal(kind == "extra" ? "stranger.bin" : file, refused.FileName);
        }

        Restore(whole, files);
        OnnxModel.Load(_directory.FullName, new OnnxRunnerOptions { Slots = 1 }).Dispose();
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string Damage(string file, int kind, Random random)
    {
        string path = Path.Combine(_directory.FullName, file);
        byte[] bytes = File.ReadAllBytes(path);
        switch (kind)
        {
            case 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, bytes);
                return "flipped bit";
            case 1:
                File.WriteAllBytes(path, bytes[..random.Next(bytes.Length)]);
                return "truncation";
            case 2 when file != ModelManifest.FileName:
                File.Delete(path);
                return "loss";
            case 3 when file != ModelManifest.FileName:
                File.Delete(path);
                File.CreateSymbolicLink(path, Path.Combine(models.Prepare(Repository.DemoModel, ModelPrecision.Int8), file));
                return "link";
            default:
                File.WriteAllText(Path.Combine(_directory.FullName, "stranger.bin"), "what is this?");
                return "extra";
        }
    }

    private void Restore(string whole, string[] files)
    {
        foreach (string path in Directory.GetFiles(_directory.FullName))
        {
            File.Delete(path);
        }

        foreach (string file in files)
        {
            File.Copy(Path.Combine(whole, file), Path.Combine(_directory.FullName, file));
        }
    }
}
