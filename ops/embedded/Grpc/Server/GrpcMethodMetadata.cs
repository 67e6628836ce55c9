using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>On each endpoint: the service and the method behind it.</summary>
public sealed class GrpcMethodMetadata(Type serviceType, IMethod method)
{
    public Type ServiceType { get; } = serviceType;

    public IMethod Method { get; } = method;
}
