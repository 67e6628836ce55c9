using DeepSeekOrleans.Engine.Stepping;

namespace DeepSeekOrleans.Engine.Recovery;

/// <summary>One runner of an engine and the core that steps it; the next generation has a new one of each.</summary>
internal sealed class EngineGeneration(IModelRunner runner, EngineCore core)
{
    public EngineCore Core => core;

    public ModelShape Shape => runner.Shape;

    /// <summary>Makes the next run of the warm-up; false when it is done.</summary>
    /// <exception cref="ModelRunException">The runner does not work.</exception>
    public bool WarmUpNext()
    {
        if (core.WarmUp.IsDone)
        {
            return false;
        }

        try
        {
            core.WarmUp.RunNext();
            return true;
        }
        catch (Exception failure) when (failure is not ModelRunException)
        {
            throw new ModelRunException("the runner broke while it was warmed up", failure);
        }
    }

    /// <summary>Warms up and computes one token for nobody: a device that is lost shows here, before another sequence is blamed for it.</summary>
    /// <exception cref="ModelRunException">The new runner does not work.</exception>
    public void Probe()
    {
        while (WarmUpNext())
        {
            // one run each time
        }

        float[] logits = new float[runner.Shape.Vocabulary];
        runner.Prefill(slot: 0, position: 0, tokens: [0], logits);
        if (logits.Any(logit => float.IsNaN(logit) || float.IsPositiveInfinity(logit)))
        {
            throw new ModelRunException("the first token of a new runner has broken logits");
        }
    }

    public void DisposeRunner() => runner.Dispose();
}
