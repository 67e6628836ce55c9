using System.IO.MemoryMappedFiles;
using DeepSeekOrleans.Engine.Onnx.Containment;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Weights;

/// <summary>One file of weights, mapped for reading: its pages are the system's to drop.</summary>
internal sealed unsafe class MappedWeights : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly string _path;
    private readonly long _length;
    private readonly nint _start;

    /// <exception cref="ModelFormatException">The file is empty.</exception>
    public MappedWeights(string path)
    {
        _path = path;
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        _length = file.Length;
        if (_length == 0)
        {
            throw new ModelFormatException(path, "the file is empty, though a graph keeps weights in it");
        }

        _file = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        _start = (nint)(pointer + _view.PointerOffset);
    }

    /// <summary>A tensor over a part of the file; it must not outlive it.</summary>
    /// <exception cref="ModelFormatException">The graph describes something that the file does not hold.</exception>
    public OrtValue Tensor(ExternalTensor tensor)
    {
        TensorElementType element = (TensorElementType)tensor.Type;
        long bytes = Bytes(tensor, element);
        long offset = Number(tensor, "offset", otherwise: 0);
        if (bytes < 0 || offset < 0 || offset > _length - bytes || Number(tensor, "length", otherwise: bytes) != bytes)
        {
            throw new ModelFormatException(_path, $"does not hold the weights '{tensor.Name}' as the graph describes them");
        }

        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, element, [.. tensor.Shape], _start + (nint)offset, bytes);
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    /// <returns>-1 where no file can be so long, or the type is none of weights.</returns>
    private long Bytes(ExternalTensor tensor, TensorElementType element)
    {
        Int128 bytes = element switch
        {
            TensorElementType.Float or TensorElementType.Int32 => sizeof(float),
            TensorElementType.Int8 or TensorElementType.UInt8 => sizeof(byte),
            TensorElementType.Int64 => sizeof(long),
            _ => -1,
        };
        foreach (long size in tensor.Shape)
        {
            bytes = size < 0 || bytes < 0 || bytes > _length ? -1 : bytes * size;
        }

        return bytes > _length ? -1 : (long)bytes;
    }

    private static long Number(ExternalTensor tensor, string key, long otherwise) =>
        !tensor.Data.TryGetValue(key, out string? text) ? otherwise : long.TryParse(text, out long number) ? number : -1;
}
