using DeepSeekOrleans.Frontend;
using DeepSeekOrleans.Frontend.Operations;
using DeepSeekOrleans.GrainInterfaces;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
ClusterConnectionOptions cluster =
    builder.Configuration.GetSection(ClusterConnectionOptions.Section).Get<ClusterConnectionOptions>() ?? new ClusterConnectionOptions();

builder.Services.AddOptions<ClusterConnectionOptions>().BindConfiguration(ClusterConnectionOptions.Section).ValidateOnStart();
builder.UseOrleansClient(client => client.UseDeepSeekCluster(cluster));
builder.AddDeepSeekFrontend();

WebApplication app = builder.Build();
app.MapDeepSeekFrontend();
var contract = app.Services.GetRequiredService<ContractCheck>();
ContractMismatchException? refusal;
try
{
    await app.RunAsync();
    refusal = contract.Refusal;
}
catch (ContractMismatchException atStart)
{
    refusal = atStart;
}

if (refusal is null)
{
    return 0;
}

await Console.Error.WriteLineAsync(refusal.Message);
return ContractMismatchException.ExitCode;
