using DeepSeekOrleans.Engine.Embedding;
using DeepSeekOrleans.Engine.Onnx.Containment;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Embeddings;

/// <summary>A BERT-style encoder in ONNX whose token vectors are pooled into one embedding per text.</summary>
public sealed class OnnxEmbeddingModel : IEmbeddingModel
{
    // as exporters place it; the first that is there
    private static readonly string[] GraphFiles = ["model.onnx", "onnx/model.onnx"];

    private readonly InferenceSession _session;
    private readonly EmbeddingGraph _graph;
    private readonly EmbeddingDescription _description;
    private readonly RunOptions _runOptions = new();

    private OnnxEmbeddingModel(InferenceSession session, EmbeddingGraph graph, EmbeddingDescription description)
    {
        _session = session;
        _graph = graph;
        _description = description;
        Shape = new EmbeddingShape(graph.Dimensions, description.MaxTokens);
    }

    /// <inheritdoc/>
    public EmbeddingShape Shape { get; }

    /// <summary>The pooling in use.</summary>
    public EmbeddingPooling Pooling => _description.Pooling;

    /// <summary>Neither a file nor an option says the pooling; it follows from the directory's name, mean where that says nothing.</summary>
    public bool IsPoolingAssumed => _description.IsPoolingAssumed;

    /// <summary>Each text is a run of its own, because the graph would let the texts of a batch change each other's numbers.</summary>
    internal bool RunsTextsAlone { get; set; }

    /// <summary>Opens a directory with model.onnx (or onnx/model.onnx), and what sentence-transformers writes beside it where it is there.</summary>
    /// <exception cref="ModelFormatException">A file is missing, damaged or asks for what is not built; the message names it.</exception>
    public static OnnxEmbeddingModel Load(string modelDirectory, EmbeddingModelOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelDirectory);
        ArgumentNullException.ThrowIfNull(options);
        EmbeddingDescription description = EmbeddingDescription.Read(modelDirectory, options);
        string path = Path.Combine(modelDirectory, GraphFiles.FirstOrDefault(file => File.Exists(Path.Combine(modelDirectory, file)), GraphFiles[0]));
        ModelFiles.Check(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        InferenceSession session = Open(path, options);
        try
        {
            return new OnnxEmbeddingModel(session, EmbeddingGraph.Read(session, Path.GetFileName(path)), description)
            {
                RunsTextsAlone = GraphText.QuantizesActivations(path),
            };
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Embed(IReadOnlyList<int[]> texts, Span<float> embeddings)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNotEqual(embeddings.Length, texts.Count * _graph.Dimensions);
        foreach (int[] text in texts)
        {
            Check(text);
        }

        using DenormalMode mode = DenormalMode.Flush();
        try
        {
            if (!RunsTextsAlone)
            {
                Run(texts, embeddings);
                return;
            }

            for (int i = 0; i < texts.Count; i++)
            {
                Run([texts[i]], embeddings.Slice(i * _graph.Dimensions, _graph.Dimensions));
            }
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelRunException("ONNX Runtime failed on a batch of texts", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runOptions.Dispose();
        _session.Dispose();
    }

    private static InferenceSession Open(string path, EmbeddingModelOptions options)
    {
        using SessionOptions settings = SessionSettings.Create(new OnnxRunnerOptions { IntraOpThreads = options.IntraOpThreads });
        using DenormalMode mode = DenormalMode.Flush();
        try
        {
            return new InferenceSession(path, settings);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException(path, "ONNX Runtime cannot load the file", e);
        }
    }

    private void Check(int[] text)
    {
        if (text.Length < 1 || text.Length > Shape.MaxTokens)
        {
            throw new ArgumentOutOfRangeException(nameof(text), text.Length, $"a text has 1 to {Shape.MaxTokens} tokens");
        }

        // the embedding would count a negative one from its end, silently; one beyond the end is an error of the run
        if (text.AsSpan().ContainsAnyInRange(int.MinValue, -1))
        {
            throw new ArgumentOutOfRangeException(nameof(text), "a token is negative");
        }
    }

    private void Run(IReadOnlyList<int[]> texts, Span<float> embeddings)
    {
        int longest = texts.Max(text => text.Length);
        long[] ids = new long[checked(texts.Count * longest)];
        long[] mask = new long[ids.Length];
        for (int row = 0; row < texts.Count; row++)
        {
            for (int i = 0; i < texts[row].Length; i++)
            {
                ids[(row * longest) + i] = texts[row][i];
                mask[(row * longest) + i] = 1;
            }
        }

        long[] shape = [texts.Count, longest];
        using OrtValue idTensor = Tensor(ids, shape);
        using OrtValue maskTensor = Tensor(mask, shape);
        using OrtValue typeTensor = Tensor(new long[ids.Length], shape);
        Dictionary<string, OrtValue> inputs = new() { [EmbeddingGraph.InputIds] = idTensor, [EmbeddingGraph.AttentionMask] = maskTensor };
        if (_graph.HasTokenTypes)
        {
            inputs.Add(EmbeddingGraph.TokenTypes, typeTensor);
        }

        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_runOptions, inputs, [_graph.Output]);
        ReadOnlySpan<float> vectors = outputs[0].GetTensorDataAsSpan<float>();
        if (vectors.Length != (long)ids.Length * _graph.Dimensions)
        {
            throw new ModelRunException($"the graph gave {vectors.Length} numbers for {texts.Count} texts of {longest} tokens");
        }

        for (int row = 0; row < texts.Count; row++)
        {
            Span<float> embedding = embeddings.Slice(row * _graph.Dimensions, _graph.Dimensions);
            TokenPooling.Pool(vectors[(row * longest * _graph.Dimensions)..], texts[row].Length, _description.Pooling, embedding);
            if (_description.Normalizes)
            {
                TokenPooling.Normalize(embedding);
            }
        }
    }

    private static OrtValue Tensor(long[] values, long[] shape) => OrtValue.CreateTensorValueFromMemory(values, shape);
}
