using System.Security.Cryptography;
using System.Text.RegularExpressions;
using DeepSeekOrleans.Frontend.Admission;

namespace DeepSeekOrleans.Frontend.Conversations;

/// <summary>The name of a stored conversation, which nobody can guess.</summary>
internal readonly partial record struct ConversationId
{
    private const string Prefix = "conv_";
    private const int RandomBytes = 24;

    private ConversationId(string value) => Value = value;

    public string Value { get; }

    /// <summary>What is peculiar to it.</summary>
    public string Digits => Value[Prefix.Length..];

    public static ConversationId New() => new(Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes)));

    /// <exception cref="RequestRejected">No conversation can have this name.</exception>
    public static ConversationId Parse(string text) => Name().IsMatch(text) ? new ConversationId(text) : throw RequestRejected.UnknownConversation();

    [GeneratedRegex(@"\Aconv_[0-9a-f]{48}\z")]
    private static partial Regex Name();
}
