using System.Reflection;

namespace DeepSeekOrleans.Architecture.Tests;

public sealed class ReferenceRulesTests
{
    [Theory]
    [InlineData("GrainInterfaces", "")]
    [InlineData("Language", "")]
    [InlineData("Engine", "Language")]
    [InlineData("Engine.Onnx", "Engine Language")]
    [InlineData("Grains", "GrainInterfaces Engine Language")]
    [InlineData("Silo", "Grains GrainInterfaces Engine Engine.Onnx Language")]
    [InlineData("Frontend", "GrainInterfaces Language")]
    [InlineData("ModelFactory", "Language")]
    public void ReferencedAssemblies_OfProject_AreAllowed(string project, string allowed)
    {
        IEnumerable<string> referenced = Assembly.Load($"DeepSeekOrleans.{project}").GetReferencedAssemblies()
            .Select(name => name.Name!).Where(name => name.StartsWith("DeepSeekOrleans.", StringComparison.Ordinal))
            .Where(name => !name.StartsWith("DeepSeekOrleans.Embedded.", StringComparison.Ordinal));

        Assert.Subset(allowed.Split(' ').Select(name => $"DeepSeekOrleans.{name}").ToHashSet(), referenced.ToHashSet());
    }

    [Theory]
    [InlineData("Engine", "Orleans")]
    [InlineData("Engine", "Microsoft.AspNetCore")]
    [InlineData("Engine", "Microsoft.ML.OnnxRuntime")]
    [InlineData("Grains", "Microsoft.ML.OnnxRuntime")]
    [InlineData("Silo", "Microsoft.ML.OnnxRuntime")]
    [InlineData("Frontend", "Microsoft.ML.OnnxRuntime")]
    public void ReferencedAssemblies_OfProject_DoNotKnow(string project, string foreign)
    {
        Assert.DoesNotContain(
            Assembly.Load($"DeepSeekOrleans.{project}").GetReferencedAssemblies(),
            name => name.Name!.Replace("DeepSeekOrleans.Embedded.", "", StringComparison.Ordinal).StartsWith(foreign, StringComparison.Ordinal));
    }
}
