using System.Diagnostics;
using System.Text.Json;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>A process of the cluster, seen by the one that started it.</summary>
internal sealed class MemberProcess : IAsyncDisposable
{
    // a silo loads its model meanwhile
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    // the longest drain that Worker:DrainLimit allows, and the way out of the cluster
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly SemaphoreSlim _asking = new(1, 1);

    // asked for and, as far as anybody waited, not given: it comes before any other
    private Task<string?>? _late;

    private MemberProcess(string name, Process process)
    {
        Name = name;
        _process = process;
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool IsStopping { get; private set; }

    public bool HasExited => _process.HasExited;

    /// <summary>Returns when the member has started.</summary>
    /// <exception cref="CliException">It could not, and says why.</exception>
    public static async Task<MemberProcess> StartAsync(string name, ClusterMember member, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = OwnProgram.StartInfo(MemberCommand.Name);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        Process process = Process.Start(start) ?? throw new CliException(ExitCode.Failed, $"the process of {name} did not start");
        MemberProcess started = new(name, process);
        try
        {
            MemberWord word = await started.AskAsync(member.ToJson(), StartLimit, cancellationToken)
                ?? new MemberWord($"{name} ended before it was ready", ExitCode.Failed);
            return word.Problem is null ? started : throw new CliException(word.Code, $"{name} did not start: {word.Problem}");
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the silo says of itself, or that it says nothing.</summary>
    public async Task<SiloState> StateAsync(CancellationToken cancellationToken)
    {
        var unknown = new SiloState(Name, Id, IsStopping ? "draining" : "silent", 0, 0, 0);
        if (IsStopping)
        {
            return unknown;
        }

        try
        {
            return (await AskAsync("state", AnswerLimit, cancellationToken))?.State ?? unknown;
        }
        catch (Exception silent) when (silent is IOException or TimeoutException or JsonException)
        {
            return unknown;
        }
    }

    /// <summary>Ends its input, whereupon it stops as it should; one that does not is killed.</summary>
    public async Task StopAsync()
    {
        IsStopping = true;
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(StopLimit, TimeProvider.System);
        }
        catch (Exception stuck) when (stuck is IOException or TimeoutException)
        {
            await KillAsync();
        }
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public async Task KillAsync()
    {
        IsStopping = true;
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
        _asking.Dispose();
    }

    /// <summary>Null when the process has ended.</summary>
    private async Task<MemberWord?> AskAsync(string line, TimeSpan limit, CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            await (_late ?? Task.FromResult<string?>(null)).WaitAsync(limit, TimeProvider.System, cancellationToken);
            await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
            await _process.StandardInput.FlushAsync(cancellationToken);
            _late = _process.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask();
            string? answer = await _late.WaitAsync(limit, TimeProvider.System, cancellationToken);
            _late = null;
            return answer is null ? null : JsonSerializer.Deserialize(answer, MemberContext.Default.MemberWord);
        }
        finally
        {
            _asking.Release();
        }
    }
}
