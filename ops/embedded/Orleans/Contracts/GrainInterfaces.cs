using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Anything that a grain reference can point to.</summary>
    public interface IAddressable;
}

namespace Orleans
{
    /// <summary>The root of all grain interfaces.</summary>
    public interface IGrain : IAddressable;

    /// <summary>A grain whose key is a string.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>The root of the interfaces that a client implements to be called by grains.</summary>
    public interface IGrainObserver : IAddressable;

    /// <summary>What a grain class is to the runtime.</summary>
    public interface IGrainBase
    {
        IGrainContext GrainContext { get; }

        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }
}
