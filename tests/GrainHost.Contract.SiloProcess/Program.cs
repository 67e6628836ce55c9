using DeepSeekOrleans.GrainHost.Contract.SiloProcess;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// arguments: Redis, cluster id, name, silo port, gateway port; prints "active" and stays until it is ended
HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.UseOrleans(silo => silo.UseTestCluster(args[0], args[1], args[2], int.Parse(args[3]), int.Parse(args[4])));
using IHost host = builder.Build();
await host.StartAsync();
Console.WriteLine("active");
await host.WaitForShutdownAsync();
Console.WriteLine("stopped");
