using System.CommandLine;
using System.Text.Json;
using DeepSeekOrleans.Frontend;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.Silo;
using DeepSeekOrleans.Silo.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>
/// One process of a cluster, as <c>up</c> starts it: it reads what to be, says that it is ready, answers each further line with its state,
/// and stops when its input ends. So it also stops when the process that started it has died.
/// </summary>
internal static class MemberCommand
{
    public const string Name = "member";

    public static Command Create()
    {
        Command command = new(Name, "Internal: one process of a cluster that 'up' started") { Hidden = true };
        command.SetAction((_, cancellationToken) => RunAsync(cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // not Console.In, whose asynchronous reads block: a host that ends by itself could not be noticed meanwhile
        using StreamReader input = new(Console.OpenStandardInput());
        string? line = await input.ReadLineAsync(cancellationToken);
        ClusterMember member = (line is null ? null : JsonSerializer.Deserialize(line, MemberContext.Default.ClusterMember))
            ?? throw new CliException(ExitCode.WrongUsage, "this command is for 'up' to use");
        try
        {
            using IHost host = Build(member);
            await StartAsync(host, member, cancellationToken);
            Say(new MemberWord());
            await AnswerAsync(host, member, input, cancellationToken);
            await host.StopAsync(CancellationToken.None);
            return host.Services.GetService<ContractClaim>()?.Refusal is null ? ExitCode.Ok : ExitCode.ContractMismatch;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // the boundary of this process: whoever started it hears why it could not go on
            int code = CodeOf(failure);
            Say(new MemberWord(failure.Message, code));
            return code;
        }
    }

    private static int CodeOf(Exception failure) => failure switch
    {
        CliException said => said.Code,
        ContractMismatchException => ExitCode.ContractMismatch,
        _ => ExitCode.Failed,
    };

    private static IHost Build(ClusterMember member)
    {
        if (member.Silo is not null)
        {
            IHost silo = ClusterHosts.Silo(member.Settings, new StorageOptions { Redis = member.Redis }, place =>
            {
                place.Name = member.Silo;
                place.Redis = member.Redis;
                place.SiloPort = member.SiloPort;
                place.GatewayPort = member.GatewayPort;
            });
            SiloProcess.LimitStop(silo);
            return silo;
        }

        string id = ClusterHosts.ClusterId(member.Settings.HttpPort);
        var connection = new ClusterConnectionOptions { Redis = member.Redis, ServiceId = id, ClusterId = id };
        return ClusterHosts.Frontend(member.Settings.OfFrontend(member.Frontend), client => client.UseDeepSeekCluster(connection));
    }

    private static async Task StartAsync(IHost host, ClusterMember member, CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken);
        if (member.Silo is not null)
        {
            ClusterHosts.RequireWorkers(host);
        }
    }

    /// <summary>Returns when the input has ended or the host is to stop by itself.</summary>
    private static async Task AnswerAsync(IHost host, ClusterMember member, StreamReader input, CancellationToken cancellationToken)
    {
        Task ended = host.WaitForShutdownAsync(cancellationToken);
        while (true)
        {
            Task<string?> question = input.ReadLineAsync(CancellationToken.None).AsTask();
            if (await Task.WhenAny(question, ended) == ended || await question is null)
            {
                return;
            }

            Say(new MemberWord { State = member.Silo is null ? null : SiloState.Of(host.Services, member.Silo) });
        }
    }

    private static void Say(MemberWord word) => Console.Out.WriteLine(JsonSerializer.Serialize(word, MemberContext.Default.MemberWord));
}
