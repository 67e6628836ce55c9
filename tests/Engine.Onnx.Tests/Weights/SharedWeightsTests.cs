using System.Globalization;
using DeepSeekOrleans.Engine.Onnx.Weights;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Onnx;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Weights;

/// <summary>What a graph says of its weights is held against the files before native code sees it.</summary>
public sealed class SharedWeightsTests : IDisposable
{
    private const int FileBytes = 64;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("shared-weights-");

    [Theory]
    [InlineData(TensorElementType.Float, "0", "64", "16")]
    [InlineData(TensorElementType.Float, "32", "32", "2 4")]
    [InlineData(TensorElementType.Int8, "0", null, "64")]
    [InlineData(TensorElementType.UInt8, null, null, "8 8")]
    [InlineData(TensorElementType.Float, "60", "4", "")]
    public void Of_WeightsThatTheFileHolds_AreTaken(TensorElementType element, string? offset, string? length, string shape)
    {
        Write(element, offset, length, shape);

        SharedWeights.Of(_folder.FullName, "model.onnx").Dispose();
    }

    [Theory]
    [InlineData(TensorElementType.Float, "0", "64", "17")]
    [InlineData(TensorElementType.Float, "0", "60", "16")]
    [InlineData(TensorElementType.Float, "4", "64", "16")]
    [InlineData(TensorElementType.Float, "-4", "64", "16")]
    [InlineData(TensorElementType.Float, "9223372036854775807", "64", "16")]
    [InlineData(TensorElementType.Float, "a", "64", "16")]
    [InlineData(TensorElementType.Float, "0", "-64", "-16")]
    [InlineData(TensorElementType.Float, "0", "64", "-4 -4")]
    [InlineData(TensorElementType.Float, "0", "64", "9223372036854775807 9223372036854775807 9223372036854775807")]
    [InlineData(TensorElementType.Float, "0", "0", "4611686018427387904 4")]
    [InlineData((TensorElementType)8, "0", "64", "8")]
    [InlineData((TensorElementType)999, "0", "64", "8")]
    public void Of_WeightsThatTheFileDoesNotHold_AreRefused(TensorElementType element, string? offset, string? length, string shape)
    {
        Write(element, offset, length, shape);

        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => SharedWeights.Of(_folder.FullName, "model.onnx"));
        Assert.Contains("'weights'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_EmptyFile_IsRefused()
    {
        Write(TensorElementType.Float, "0", "0", "0");
        File.WriteAllBytes(Path.Combine(_folder.FullName, "data"), []);

        Assert.Contains("empty", Assert.Throws<ModelFormatException>(() => SharedWeights.Of(_folder.FullName, "model.onnx")).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void Write(TensorElementType element, string? offset, string? length, string shape)
    {
        TensorProto tensor = new()
        {
            Name = "weights",
            Dims = { shape.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(size => long.Parse(size, CultureInfo.InvariantCulture)) },
            DataType = (int)element,
            DataLocation = TensorProto.Types.Location.External,
            ExternalData = { new KeyValueProto { Key = "location", Value = "data" } },
        };
        if (offset is not null)
        {
            tensor.ExternalData.Add(new KeyValueProto { Key = "offset", Value = offset });
        }

        if (length is not null)
        {
            tensor.ExternalData.Add(new KeyValueProto { Key = "length", Value = length });
        }

        File.WriteAllBytes(Path.Combine(_folder.FullName, "model.onnx"), new ModelProto { Graph = new GraphProto { Initializer = { tensor } } }.ToByteArray());
        File.WriteAllBytes(Path.Combine(_folder.FullName, "data"), new byte[FileBytes]);
    }
}
