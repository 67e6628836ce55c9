namespace DeepSeekOrleans.Language;

/// <summary>A chat template refused its input (raise_exception, a type that it cannot work with) or exceeded its budget.</summary>
public sealed class TemplateException(string message) : Exception(message);
