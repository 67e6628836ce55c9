namespace DeepSeekOrleans.Language.Templates.Parsing;

/// <summary>A template that cannot be read, or that uses what this version does not have.</summary>
internal sealed class TemplateSyntaxException(int line, string message) : Exception($"line {line} of the template: {message}");
