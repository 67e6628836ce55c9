namespace DeepSeekOrleans.Cli.Up;

/// <summary>A frontend's process, which is started again whenever it has died: its port is where the clients look for it.</summary>
internal sealed class KeptFrontend : IAsyncDisposable
{
    // soon enough for a client that tries again, and slow enough for a frontend that cannot start to cost nothing
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ClusterMember _member;
    private readonly FrontendAddress _address;
    private readonly CancellationTokenSource _stopping = new();
    private volatile MemberProcess _process;
    private Task _keeping = Task.CompletedTask;

    private KeptFrontend(ClusterMember member, MemberProcess process)
    {
        _member = member;
        _address = FrontendAddress.Of(member.Settings.OfFrontend(member.Frontend));
        _process = process;
    }

    public FrontendState State
    {
        get
        {
            MemberProcess process = _process;
            return new(_address.Http, process.Id, process.HasExited ? FrontendState.Restarting : FrontendState.Running);
        }
    }

    /// <summary>Returns when it listens.</summary>
    /// <exception cref="CliException">It could not start.</exception>
    public static async Task<KeptFrontend> StartAsync(ClusterMember member, CancellationToken cancellationToken)
    {
        KeptFrontend kept = new(member, await LaunchAsync(member, cancellationToken));
        kept._keeping = kept.KeepAsync(kept._stopping.Token);
        return kept;
    }

    public async Task StopAsync()
    {
        await EndKeepingAsync();
        await _process.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndKeepingAsync();
        await _process.DisposeAsync();
        _stopping.Dispose();
    }

    private static Task<MemberProcess> LaunchAsync(ClusterMember member, CancellationToken cancellationToken) =>
        MemberProcess.StartAsync(member.Frontend == 0 ? "the frontend" : $"frontend {member.Frontend + 1}", member, cancellationToken);

    private async Task EndKeepingAsync()
    {
        await _stopping.CancelAsync();
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            await _process.WaitForExitAsync(cancellationToken);
            await Task.Delay(pause, cancellationToken);
            try
            {
                MemberProcess dead = _process;
                _process = await LaunchAsync(_member, cancellationToken);
                await dead.DisposeAsync();
                await Console.Error.WriteLineAsync($"the frontend at {_address.Http} had ended and was started again");
                pause = FirstPause;
            }
            catch (CliException)
            {
                // the silos may be away as well: it is tried for as long as the cluster is to run
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }
}
