using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary><c>value.name</c>: methods first, then the items of a mapping, as in Jinja.</summary>
internal static class Attributes
{
    public static TemplateValue Get(TemplateValue target, string name, Frame frame)
    {
        TemplateValue? value = target switch
        {
            UndefinedValue undefined => throw new TemplateException($"'{undefined.Name}' is undefined"),
            TextValue text => TextMethods.Find(text, name, frame.Budget),
            MapValue map => MapMethods.Find(map, name, frame.Budget) ?? Item(map, name),
            NamespaceValue space => space.Attributes.GetValueOrDefault(name),
            LoopValue loop => loop.Find(name),
            _ => null,
        };
        if (value is null && name.StartsWith('_'))
        {
            throw new TemplateException($"the attribute '{name}' is not accessible");
        }

        return value ?? new UndefinedValue(name);
    }

    private static TemplateValue? Item(MapValue map, string name) => map.Entries.TryGetValue(name, out MapEntry entry) ? entry.Value : null;
}
