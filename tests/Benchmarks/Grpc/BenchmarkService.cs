using DeepSeekOrleans.Benchmarks.Grpc.Protos;
using Grpc.Core;

namespace DeepSeekOrleans.Benchmarks.Grpc;

internal sealed class BenchmarkService : Benchmark.BenchmarkBase
{
    public override Task<Token> Echo(Token request, ServerCallContext context) => Task.FromResult(request);

    public override async Task Generate(Prompt request, IServerStreamWriter<Token> responseStream, ServerCallContext context)
    {
        for (int index = 0; index < request.Tokens; index++)
        {
            await responseStream.WriteAsync(new Token { Text = " token" }, context.CancellationToken);
        }
    }
}
