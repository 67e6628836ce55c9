using System.Reflection;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>Walks through the filters of one call and ends in the call itself.</summary>
internal abstract class CallContext(MethodModel method, object grain, object?[] arguments) : IGrainCallContext
{
    private readonly CallRequest _request = new(method, grain, arguments);
    private int _stage;

    public IInvokable Request => _request;

    public object Grain => grain;

    public abstract GrainId? SourceId { get; }

    public abstract GrainId TargetId { get; }

    public GrainInterfaceType InterfaceType => method.Interface.InterfaceType;

    public string InterfaceName => method.Interface.Name;

    public string MethodName => method.Method.Name;

    public MethodInfo InterfaceMethod => method.Method;

    public Response? Response { get; set; }

    public object? Result
    {
        get => Response?.Result;
        set => Response = Response.FromResult(value);
    }

    protected MethodModel Method => method;

    protected object?[] Arguments => _request.Arguments;

    public async Task Invoke()
    {
        int stage = _stage++;
        if (!await TryFilterAsync(stage))
        {
            Response = Response.FromResult(await CallAsync());
        }
    }

    /// <summary>Runs all filters and the call.</summary>
    public async ValueTask<object?> RunAsync()
    {
        await Invoke();
        return Response?.Exception is { } failure ? throw failure : Result;
    }

    /// <returns>False when there is no filter at this stage.</returns>
    protected abstract ValueTask<bool> TryFilterAsync(int stage);

    protected abstract ValueTask<object?> CallAsync();
}
