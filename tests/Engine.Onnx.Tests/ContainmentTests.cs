using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Onnx;
using Google.Protobuf;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

public sealed class ContainmentTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("containment-");

    [Theory]
    [InlineData("../secret")]
    [InlineData("weights/../../secret")]
    [InlineData("..\\secret")]
    [InlineData("./weights")]
    [InlineData("weights//part")]
    [InlineData("/etc/hostname")]
    [InlineData("C:\\secret")]
    [InlineData("")]
    public void Load_WeightsOutsideTheDirectory_AreRefusedBeforeTheyAreOpened(string location)
    {
        File.WriteAllText(Path.Combine(_root.FullName, "secret"), "secret");

        ModelFormatException refused = Load(Graph(location));

        Assert.Equal("model.onnx", refused.FileName);
        Assert.Contains("outside", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WeightsInALinkedFolder_AreRefused()
    {
        DirectoryInfo elsewhere = _root.CreateSubdirectory("elsewhere");
        File.WriteAllText(Path.Combine(elsewhere.FullName, "part"), "secret");
        Directory.CreateSymbolicLink(Path.Combine(Model, "weights"), elsewhere.FullName);

        Assert.Equal("weights", Load(Graph("weights/part")).FileName);
    }

    [Fact]
    public void Load_WeightsOutsideInAnInnerGraph_AreRefused()
    {
        // Attribute 6 of a node is a graph, the body of a loop; the factory's own messages know no such field.
        byte[] attribute = Field(6, Graph("../secret").Graph.ToByteArray());
        byte[] node = Field(5, attribute);
        byte[] model = Field(7, Field(1, node));

        Assert.Contains("outside", Load(model).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_GraphsNestedWithoutEnd_AreRefused()
    {
        byte[] graph = [];
        for (int depth = 0; depth < 100; depth++)
        {
            graph = Field(1, Field(5, Field(6, graph)));
        }

        Assert.Contains("damaged", Load(Field(7, graph)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TwoPlacesForTheSameWeights_AreRefused()
    {
        File.WriteAllText(Path.Combine(Model, "weights"), "numbers");
        ModelProto graph = Graph("weights");
        graph.Graph.Initializer[0].ExternalData.Add(new KeyValueProto { Key = "location", Value = "../secret" });

        Assert.Contains("damaged", Load(graph).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _root.Delete(recursive: true);

    private string Model => _root.CreateSubdirectory("model").FullName;

    private static ModelProto Graph(string location) => new()
    {
        Graph = new GraphProto
        {
            Initializer =
            {
                new TensorProto
                {
                    Name = "weights",
                    Dims = { 1 },
                    DataType = (int)OnnxElement.Float,
                    DataLocation = TensorProto.Types.Location.External,
                    ExternalData = { new KeyValueProto { Key = "location", Value = location } },
                },
            },
        },
    };

    private static byte[] Field(int number, byte[] content)
    {
        using MemoryStream stream = new();
        using (CodedOutputStream output = new(stream, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }

        return stream.ToArray();
    }

    private ModelFormatException Load(ModelProto model) => Load(model.ToByteArray());

    private ModelFormatException Load(byte[] model)
    {
        File.WriteAllBytes(Path.Combine(Model, "model.onnx"), model);
        return Assert.Throws<ModelFormatException>(() => OnnxModel.Load(Model, new OnnxRunnerOptions { Slots = 1 }));
    }
}
