using System.Net.Http.Headers;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace DeepSeekOrleans.Embedded.Grpc.Protocol;

/// <summary>Metadata to and from HTTP headers, on both sides.</summary>
internal static class MetadataHeaders
{
    public static Metadata Read(IHeaderDictionary headers)
    {
        Metadata metadata = [];
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in headers)
        {
            Read(metadata, name, values.ToString());
        }

        return metadata;
    }

    public static Metadata Read(HttpHeaders headers)
    {
        Metadata metadata = [];
        // NonValidated: these headers are the server's, and parsing them would drop what does not look like known HTTP headers.
        foreach ((string name, HeaderStringValues values) in headers.NonValidated)
        {
            foreach (string value in values)
            {
                Read(metadata, name, value);
            }
        }

        return metadata;
    }

    public static void Append(IHeaderDictionary headers, Metadata metadata)
    {
        foreach (Metadata.Entry entry in metadata)
        {
            headers.Append(entry.Key, ValueOf(entry));
        }
    }

    public static void Append(HttpRequestHeaders headers, Metadata metadata)
    {
        foreach (Metadata.Entry entry in metadata)
        {
            headers.TryAddWithoutValidation(entry.Key, ValueOf(entry));
        }
    }

    private static string ValueOf(Metadata.Entry entry) => entry.IsBinary ? BinaryHeader.Encode(entry.ValueBytes) : entry.Value;

    private static void Read(Metadata metadata, string name, string value)
    {
        if (GrpcHeaders.IsProtocolHeader(name))
        {
            return;
        }

        if (!Metadata.Entry.IsBinaryKey(name))
        {
            metadata.Add(name, value);
            return;
        }

        foreach (byte[] bytes in BinaryHeader.Decode(value))
        {
            metadata.Add(name, bytes);
        }
    }
}
