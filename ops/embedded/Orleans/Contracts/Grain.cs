using DeepSeekOrleans.Embedded.Activation;
using DeepSeekOrleans.Embedded.Invocation;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans;

/// <summary>The usual base of a grain class.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    protected Grain()
        : this(RuntimeContext.Current ?? throw new InvalidOperationException("grains are made by the runtime alone"))
    {
    }

    protected Grain(IGrainContext grainContext) => GrainContext = grainContext;

    public IGrainContext GrainContext { get; }

    public GrainReference GrainReference => GrainContext.GrainReference;

    /// <summary>Names the grain in logs.</summary>
    public string IdentityString => GrainContext.GrainId.ToString();

    /// <summary>Names the silo in logs.</summary>
    public string RuntimeIdentity => GrainContext.Address.SiloAddress!.ToString();

    protected IGrainFactory GrainFactory => GrainContext.ActivationServices.GetRequiredService<IGrainFactory>();

    protected internal IServiceProvider ServiceProvider => GrainContext.ActivationServices;

    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends this activation once its running calls are done; the next call makes a new one.</summary>
    protected void DeactivateOnIdle() => GrainBaseExtensions.DeactivateOnIdle(this);

    /// <summary>Keeps this activation from being collected for at least this long.</summary>
    /// <param name="timeSpan">Zero or less takes an earlier delay back.</param>
    protected void DelayDeactivation(TimeSpan timeSpan) => ((GrainActivation)GrainContext).DelayDeactivation(timeSpan);
}
