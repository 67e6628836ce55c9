using System.Globalization;
using DeepSeekOrleans.ModelFactory.Publishing;
using Google.Protobuf;

namespace DeepSeekOrleans.ModelFactory.Onnx;

/// <summary>
/// Writes <c>model.onnx</c> and, beside it, <c>model.onnx.data</c> (then <c>.1</c>, <c>.2</c>, ...) with every large constant: a
/// protobuf message ends at 2 GB, and a file of bare numbers can be mapped by the runtime instead of being read.
/// </summary>
internal static class ModelFileWriter
{
    public const string ModelFile = "model.onnx";
    public const string DataFile = "model.onnx.data";

    /// <summary>A second graph over the same constants.</summary>
    public const string JoinedFile = "model.joined.onnx";

    /// <summary>Ends the name of a file that is still being written.</summary>
    public const string Unfinished = ".unfinished";

    // ONNX Runtime maps external data only from page boundaries; 4 KiB is the page of every platform built for but one (16 KiB).
    private const int Alignment = 16_384;
    private const int BufferSize = 1 << 20;

    private const int IrVersion = 10;
    private const int StandardOperators = 21;

    // A file that is whole need not be written again after an interruption: so much is lost at most.
    private const long DataFileBytes = 1L << 30;

    /// <param name="journal">Knows the files that need not be written again; null where the directory is new.</param>
    /// <param name="wroteBytes">Told the size of each constant.</param>
    public static void Write(string directory, GraphBuilder builder, ImportJournal? journal, Action<long> wroteBytes, CancellationToken cancellationToken)
    {
        WriteConstants(directory, builder, journal, wroteBytes, cancellationToken);
        WriteGraph(directory, builder, journal);
    }

    /// <summary>Everything but the graph.</summary>
    /// <inheritdoc cref="Write"/>
    public static void WriteConstants(
        string directory, GraphBuilder builder, ImportJournal? journal, Action<long> wroteBytes, CancellationToken cancellationToken)
    {
        foreach (IGrouping<string, PlacedConstant> file in Layout(builder).GroupBy(constant => constant.File))
        {
            Publish(directory, file.Key, journal, stream => WriteConstants(stream, file, wroteBytes, cancellationToken));
        }
    }

    /// <summary>The graph, which refers to the constants.</summary>
    /// <inheritdoc cref="Write"/>
    public static void WriteGraph(string directory, GraphBuilder builder, ImportJournal? journal) => WriteGraph(directory, ModelFile, builder, journal);

    /// <summary>The graph of joined runs, which refers to the constants that were written with the other one.</summary>
    /// <inheritdoc cref="Write"/>
    public static void WriteJoinedGraph(string directory, GraphBuilder joined, GraphBuilder graph, ImportJournal? journal)
    {
        if (!Layout(joined).Select(Place).SequenceEqual(Layout(graph).Select(Place)))
        {
            throw new InvalidOperationException("a joined graph has other constants");
        }

        WriteGraph(directory, JoinedFile, joined, journal);

        static (string, string, long, long) Place(PlacedConstant placed) => (placed.Constant.Name, placed.File, placed.Offset, placed.Constant.ByteLength);
    }

    /// <summary>Lets somebody use the graph as it is so far, under a name that is gone afterwards.</summary>
    public static T WithUnfinishedGraph<T>(string directory, GraphBuilder builder, Func<string, T> use)
    {
        string path = Path.Combine(directory, ModelFile + Unfinished);
        try
        {
            using (FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, BufferSize))
            {
                Complete(builder).WriteTo(file);
            }

            return use(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static ModelProto Complete(GraphBuilder builder)
    {
        ModelProto model = new()
        {
            IrVersion = IrVersion,
            ProducerName = "DeepSeekOrleans.ModelFactory",
            Graph = builder.Graph.Clone(),
            OpsetImport = { new OperatorSetProto { Version = StandardOperators }, new OperatorSetProto { Domain = "com.microsoft", Version = 1 } },
        };
        model.Graph.Initializer.AddRange(Layout(builder).Select(Reference));
        model.MetadataProps.AddRange(builder.Metadata.Select(entry => new KeyValueProto { Key = entry.Key, Value = entry.Value }));
        return model;
    }

    private static void WriteGraph(string directory, string name, GraphBuilder builder, ImportJournal? journal) =>
        Publish(directory, name, journal, stream => Complete(builder).WriteTo(stream));

    // Under its own name a file is whole.
    private static void Publish(string directory, string name, ImportJournal? journal, Action<Stream> write)
    {
        if (journal?.Holds(name) == true)
        {
            return;
        }

        string path = Path.Combine(directory, name);
        string unfinished = path + Unfinished;
        using (FileStream file = new(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, BufferSize))
        {
            write(file);
        }

        File.Move(unfinished, path, overwrite: true);
        journal?.Add(name);
    }

    private static IEnumerable<PlacedConstant> Layout(GraphBuilder builder)
    {
        int file = 0;
        long end = 0;
        foreach (LargeConstant constant in builder.Constants)
        {
            long offset = (end + Alignment - 1) / Alignment * Alignment;
            if (offset > 0 && offset + constant.ByteLength > DataFileBytes)
            {
                (file, offset) = (file + 1, 0);
            }

            end = offset + constant.ByteLength;
            yield return new PlacedConstant(constant, file == 0 ? DataFile : $"{DataFile}.{file}", offset);
        }
    }

    private static void WriteConstants(Stream file, IEnumerable<PlacedConstant> constants, Action<long> wroteBytes, CancellationToken cancellationToken)
    {
        foreach ((LargeConstant constant, _, long offset) in constants)
        {
            cancellationToken.ThrowIfCancellationRequested();
            file.Position = offset;
            constant.Write(file);
            if (file.Position - offset != constant.ByteLength)
            {
                throw new InvalidOperationException($"constant '{constant.Name}' wrote {file.Position - offset} of {constant.ByteLength} bytes");
            }

            wroteBytes(constant.ByteLength);
        }
    }

    private static TensorProto Reference(PlacedConstant placed) => new()
    {
        Name = placed.Constant.Name,
        Dims = { placed.Constant.Shape },
        DataType = (int)placed.Constant.Element,
        DataLocation = TensorProto.Types.Location.External,
        ExternalData =
        {
            new KeyValueProto { Key = "location", Value = placed.File },
            new KeyValueProto { Key = "offset", Value = placed.Offset.ToString(CultureInfo.InvariantCulture) },
            new KeyValueProto { Key = "length", Value = placed.Constant.ByteLength.ToString(CultureInfo.InvariantCulture) },
        },
    };

    private sealed record PlacedConstant(LargeConstant Constant, string File, long Offset);
}
