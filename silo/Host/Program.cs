using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Silo;
using DeepSeekOrleans.Silo.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

try
{
    HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
    builder.AddDeepSeekSilo();
    IHost host = builder.Build();
    SiloProcess.LimitStop(host);
    var contract = host.Services.GetRequiredService<ContractClaim>();
    await host.RunAsync();
    return contract.Refusal is null ? 0 : ContractMismatchException.ExitCode;
}
catch (OptionsValidationException e)
{
    foreach (string failure in e.Failures)
    {
        await Console.Error.WriteLineAsync(failure);
    }

    return 2;
}
catch (ContractMismatchException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return ContractMismatchException.ExitCode;
}
