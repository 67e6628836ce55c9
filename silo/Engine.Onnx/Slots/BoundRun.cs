using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>
/// A run whose inputs and outputs are bound to fixed memory once. Binding anew costs 35 to 100 microseconds and 4 kB of garbage per
/// step for a four-layer model; running a kept binding allocates nothing.
/// </summary>
internal sealed class BoundRun : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options;
    private readonly OrtIoBinding _binding;
    private readonly List<OrtValue> _values = [];

    public BoundRun(InferenceSession session, RunOptions options, OrtValue[] kvSlice)
    {
        _session = session;
        _options = options;
        _binding = session.CreateIoBinding();
        for (int i = 0; i < kvSlice.Length; i++)
        {
            _values.Add(kvSlice[i]);
            _binding.BindInput(SlotGraph.Past(i), kvSlice[i]);
            _binding.BindOutput(SlotGraph.Present(i), kvSlice[i]);
        }
    }

    /// <summary>Binds a tensor that lives as long as this run.</summary>
    public BoundRun Input(string name, OrtValue value)
    {
        _values.Add(value);
        _binding.BindInput(name, value);
        return this;
    }

    /// <summary>Binds a tensor that somebody else owns, in the place of the one bound to this name before.</summary>
    public void Rebind(string name, OrtValue value) => _binding.BindInput(name, value);

    /// <inheritdoc cref="Rebind"/>
    public void RebindOutput(string name, OrtValue value) => _binding.BindOutput(name, value);

    /// <inheritdoc cref="Input"/>
    public BoundRun Output(string name, OrtValue value)
    {
        _values.Add(value);
        _binding.BindOutput(name, value);
        return this;
    }

    public void Run()
    {
        try
        {
            _session.RunWithBinding(_options, _binding);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelRunException("ONNX Runtime failed on a step", e);
        }
    }

    public void Dispose()
    {
        _binding.Dispose();
        foreach (OrtValue value in _values)
        {
            value.Dispose();
        }
    }
}
