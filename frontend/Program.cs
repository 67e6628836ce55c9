using DeepSeekOrleans.Frontend;
using DeepSeekOrleans.GrainInterfaces;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
ClusterConnectionOptions cluster =
    builder.Configuration.GetSection(ClusterConnectionOptions.Section).Get<ClusterConnectionOptions>() ?? new ClusterConnectionOptions();

builder.Services.AddOptions<ClusterConnectionOptions>().BindConfiguration(ClusterConnectionOptions.Section).ValidateOnStart();
builder.UseOrleansClient(client => client.UseDeepSeekCluster(cluster));
builder.AddDeepSeekFrontend();

WebApplication app = builder.Build();
app.MapDeepSeekFrontend();
try
{
    await app.RunAsync();
    return 0;
}
catch (ContractMismatchException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return ContractMismatchException.ExitCode;
}
