using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace DeepSeekOrleans.Embedded.Hosting;

/// <summary>Refuses every address that another machine could reach.</summary>
internal sealed class LoopbackOnly : IValidateOptions<EndpointOptions>
{
    public ValidateOptionsResult Validate(string? name, EndpointOptions options)
    {
        IPAddress?[] addresses = [options.AdvertisedIPAddress, options.SiloListeningEndpoint?.Address, options.GatewayListeningEndpoint?.Address];
        IPAddress? refused = addresses.FirstOrDefault(address => address is not null && !IPAddress.IsLoopback(address));
        return refused is null
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"The embedded host serves one machine and refuses the address {refused}: for more than one machine use Orleans (build with -p:PackageSet=official).");
    }
}

internal sealed class GrainCollectionOptionsValidator : IValidateOptions<GrainCollectionOptions>
{
    public ValidateOptionsResult Validate(string? name, GrainCollectionOptions options)
    {
        if (options.CollectionQuantum <= TimeSpan.Zero)
        {
            return ValidateOptionsResult.Fail($"GrainCollectionOptions.CollectionQuantum is {options.CollectionQuantum} and must be above zero.");
        }

        return options.CollectionAge <= options.CollectionQuantum
            ? ValidateOptionsResult.Fail(
                $"GrainCollectionOptions.CollectionAge is {options.CollectionAge} and must be above CollectionQuantum, {options.CollectionQuantum}.")
            : ValidateOptionsResult.Success;
    }
}
