using System.IO.Pipes;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>What a command asks of the process that <c>up</c> started.</summary>
/// <param name="Verb">"down", "list", "add", "drain" or "kill".</param>
/// <param name="Silo">The silo's name, for the last three.</param>
internal sealed record ControlRequest(string Verb, string? Silo = null);

/// <param name="Problem">Why it was not done, with <paramref name="Code"/> for the exit; null when it was.</param>
internal sealed record ControlAnswer(
    string? Problem = null, int Code = 0, IReadOnlyList<SiloState>? Silos = null, IReadOnlyList<FrontendState>? Frontends = null);

/// <summary>
/// How other commands reach the process that <c>up</c> started: a pipe named by the HTTP port, open to the same user only. One line
/// asks, one line answers; the answer to "down" comes when everything has stopped.
/// </summary>
internal static class ControlPipe
{
    // long enough for a busy machine, short enough for a person who mistyped the port
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    // one that is being served and its successor; as many clients can wait for their turn
    private const int MaxPipes = 16;

    // who connects and says nothing may not keep the others out
    private static readonly TimeSpan SpeakLimit = TimeSpan.FromSeconds(5);

    /// <summary>Answers one request after the other and returns when somebody has asked for the stop; <c>Answered</c> ends that request.</summary>
    public static async Task<StopRequest> ServeAsync(
        int port, Func<ControlRequest, CancellationToken, Task<ControlAnswer>> answer, CancellationToken cancellationToken)
    {
        NamedPipeServerStream pipe = Open(port);
        while (true)
        {
            try
            {
                await pipe.WaitForConnectionAsync(cancellationToken);
                ControlRequest? request = await ReadAsync(pipe, ControlContext.Default.ControlRequest, cancellationToken)
                    .WaitAsync(SpeakLimit, TimeProvider.System, cancellationToken);
                if (request is { Verb: "down" })
                {
                    return new StopRequest(pipe);
                }

                if (request is not null)
                {
                    await WriteAsync(pipe, await answer(request, cancellationToken), ControlContext.Default.ControlAnswer, cancellationToken);
                }
            }
            catch (Exception gone) when (gone is IOException or TimeoutException or JsonException)
            {
                // whoever asked has gone, was silent or spoke nonsense: the next one is waited for
            }
            catch
            {
                await pipe.DisposeAsync();
                throw;
            }

            // opened before the last one is closed: with the last one go all who are waiting for their turn
            NamedPipeServerStream next = Open(port);
            await pipe.DisposeAsync();
            pipe = next;
        }
    }

    /// <summary>Asks the process at that port.</summary>
    /// <exception cref="CliException">There is none, it went before it answered, or it refuses.</exception>
    public static async Task<ControlAnswer> AskAsync(int port, ControlRequest request, CancellationToken cancellationToken)
    {
        await using NamedPipeClientStream pipe = new(
            ".", Name(port), PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        try
        {
            await pipe.ConnectAsync(ConnectLimit, cancellationToken);
            await WriteAsync(pipe, request, ControlContext.Default.ControlRequest, cancellationToken);
            ControlAnswer answer = await ReadAsync(pipe, ControlContext.Default.ControlAnswer, cancellationToken)
                ?? throw new CliException(ExitCode.Failed, $"the cluster on port {port} ended before it answered");
            return answer.Problem is null ? answer : throw new CliException(answer.Code, answer.Problem);
        }
        catch (Exception absent) when (absent is TimeoutException or IOException)
        {
            throw new CliException(ExitCode.Unreachable, $"no cluster of this user runs on port {port}", absent);
        }
    }

    internal static async Task WriteAsync<T>(
        Stream pipe, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await pipe.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(value, type), (byte)'\n'], cancellationToken);
        await pipe.FlushAsync(cancellationToken);
    }

    private static async Task<T?> ReadAsync<T>(
        Stream pipe, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using StreamReader reader = new(pipe, leaveOpen: true);
        string? line = await reader.ReadLineAsync(cancellationToken);
        return line is null ? default : JsonSerializer.Deserialize(line, type);
    }

    private static NamedPipeServerStream Open(int port) => new(
        Name(port), PipeDirection.InOut, MaxPipes, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);

    private static string Name(int port) => $"deepseek-orleans-{port}";
}

/// <summary>Somebody waits for the stop.</summary>
internal sealed class StopRequest(NamedPipeServerStream pipe) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        try
        {
            await ControlPipe.WriteAsync(pipe, new ControlAnswer(), ControlContext.Default.ControlAnswer, CancellationToken.None);
        }
        catch (IOException)
        {
            // whoever asked did not wait for the end
        }

        await pipe.DisposeAsync();
    }
}

[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
[JsonSerializable(typeof(SiloState[]))]
internal sealed partial class ControlContext : JsonSerializerContext;
