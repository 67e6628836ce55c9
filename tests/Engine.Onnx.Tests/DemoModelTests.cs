namespace DeepSeekOrleans.Engine.Onnx.Tests;

[Collection(ConvertedModels.Collection)]
public sealed class DemoModelTests(ConvertedModels models)
{
    [Theory]
    [InlineData(256)]
    [InlineData(7)]
    public void Generate_DemoPrompts_EqualsTheReferences(int chunk)
    {
        using IModelRunner runner = models.LoadDemo(slots: 1);

        foreach (GreedyReference reference in GreedyReference.Demo)
        {
            Assert.Equal(reference.Output, Greedy.Generate(runner, reference.Prompt, reference.Output.Length, chunk));
        }
    }

    [Fact]
    public void Decode_SixteenRowsOfDifferentLengths_EqualsTheReferences()
    {
        using IModelRunner runner = models.LoadDemo(slots: 16);

        foreach (GreedyReference[] batch in GreedyReference.Demo.Chunk(16))
        {
            int[][] outputs = Greedy.GenerateTogether(runner, batch, chunk: 256);

            Assert.Equal(batch.Select(reference => reference.Output), outputs);
        }
    }
}
