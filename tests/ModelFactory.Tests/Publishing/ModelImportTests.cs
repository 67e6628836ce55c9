using System.Text.Json;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Tests.Publishing;

public sealed class ModelImportTests : IDisposable
{
    private readonly TinyModel _model = new TinyModel().Write();

    private string Target => Path.Combine(_model.Cache, "..", "import");

    [Theory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Int8)]
    [InlineData(ModelPrecision.Int4)]
    [InlineData(ModelPrecision.Int4Wide)]
    [InlineData(ModelPrecision.Int4Float16)]
    [InlineData(ModelPrecision.Float16)]
    [InlineData(ModelPrecision.BFloat16)]
    public void Run_ToANewDirectory_WritesWhatItsManifestSays(ModelPrecision precision)
    {
        ImportedModel imported = Run(precision);

        ModelManifest manifest = ModelManifest.TryRead(Target)!;
        manifest.Check(Target);
        Assert.Equal((imported.Version, precision.Name()), (manifest.Version, manifest.Precision));
        // int8 has a second graph
        Assert.Equal((precision == ModelPrecision.Int8 ? 4 : 3, 0), (imported.FilesWritten, imported.FilesKept));
        Assert.Equal(manifest.Files.Sum(file => file.Size), imported.Bytes);
    }

    [Fact]
    public void Run_Again_WritesNothing()
    {
        Run(ModelPrecision.Int8);

        ImportedModel again = Run(ModelPrecision.Int8);

        Assert.Equal((0, 4), (again.FilesWritten, again.FilesKept));
        ModelManifest.TryRead(Target)!.Check(Target);
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("model.joined.onnx")]
    [InlineData("model.onnx.data")]
    [InlineData("config.json")]
    public void Run_AfterDamage_WritesThatFileAgain(string file)
    {
        Run(ModelPrecision.Int8);
        byte[] bytes = File.ReadAllBytes(Path.Combine(Target, file));
        File.WriteAllBytes(Path.Combine(Target, file), [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);

        ImportedModel again = Run(ModelPrecision.Int8);

        Assert.Equal((1, 3), (again.FilesWritten, again.FilesKept));
        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(Target, file)));
    }

    [Fact]
    public void Run_AfterAnInterruption_KeepsWhatIsWhole()
    {
        Run(ModelPrecision.Float32);
        ModelManifest manifest = ModelManifest.TryRead(Target)!;
        File.Delete(Path.Combine(Target, ModelManifest.FileName));
        File.Delete(Path.Combine(Target, "model.onnx"));
        File.WriteAllText(Path.Combine(Target, "model.onnx.unfinished"), "half a gra");
        File.WriteAllText(
            Path.Combine(Target, "import.json"),
            JsonSerializer.Serialize(new
            {
                version = manifest.Version,
                files = manifest.Files.Where(file => file.Name == "model.onnx.data").Select(file => new { name = file.Name, size = file.Size, sha256 = file.Sha256 }),
            }));

        ImportedModel again = Run(ModelPrecision.Float32);

        Assert.Equal((2, 1), (again.FilesWritten, again.FilesKept));
        ModelManifest.TryRead(Target)!.Check(Target);
    }

    [Fact]
    public void Run_Cancelled_CanBeFinishedLater()
    {
        using CancellationTokenSource cancellation = new();
        cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() => ModelImport.Run(_model.Source, Target, new ModelForm(ModelPrecision.Int8), progress: null, cancellation.Token));

        Run(ModelPrecision.Int8);

        ModelManifest.TryRead(Target)!.Check(Target);
    }

    [Theory]
    [InlineData("photo.jpg")]
    [InlineData("manifest.json")]
    public void Run_ToADirectoryOfOtherThings_TouchesNothing(string file)
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, file), "{}");

        Assert.Throws<ModelFormatException>(() => Run(ModelPrecision.Float32));

        Assert.Equal("{}", File.ReadAllText(Path.Combine(Target, file)));
        Assert.Single(Directory.GetFileSystemEntries(Target));
    }

    [Fact]
    public void Run_InAnotherPrecision_DoesNotReplaceAnImport()
    {
        Run(ModelPrecision.Float32);

        Assert.Throws<ModelFormatException>(() => Run(ModelPrecision.Int8));

        ModelManifest.TryRead(Target)!.Check(Target);
    }

    [Fact]
    public void Prepare_OfAnImport_UsesItInItsPrecisionOnly()
    {
        ImportedModel imported = Run(ModelPrecision.Int8);

        PreparedModel prepared = ModelConversion.Prepare(Target, _model.Cache, ModelPrecision.Int8, progress: null, CancellationToken.None);

        Assert.Equal((imported.Version, false), (prepared.Version, prepared.Converted));
        Assert.Throws<ModelFormatException>(
            () => ModelConversion.Prepare(Target, _model.Cache, ModelPrecision.Int4, progress: null, CancellationToken.None));
    }

    public void Dispose() => _model.Dispose();

    private ImportedModel Run(ModelPrecision precision) => ModelImport.Run(_model.Source, Target, new ModelForm(precision), progress: null, CancellationToken.None);
}
