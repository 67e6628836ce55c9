using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>The demo model of the checkout, converted once for all tests of this project.</summary>
internal static class DemoModel
{
    public static ModelLanguage Language { get; } = ModelLanguage.Load(Repository.DemoModel);

    public static string Prepare(ModelPrecision precision = ModelPrecision.Float32, bool int8Cache = false) => ModelConversion.Prepare(
        Repository.DemoModel, Path.Combine(AppContext.BaseDirectory, "model-cache"), ConvertedModels.Form(precision, int8Cache), progress: null, CancellationToken.None).Directory;
}
