namespace DeepSeekOrleans.Language;

/// <summary>What generation_config.json recommends; null where it says nothing.</summary>
/// <param name="Temperature">0 or more.</param>
/// <param name="TopP">Above 0, at most 1.</param>
/// <param name="TopK">1 or more; 0 for no limit.</param>
public sealed record GenerationDefaults(double? Temperature, double? TopP, int? TopK);
