using System.Text.Json;

namespace DeepSeekOrleans.Language.Templates.Values;

/// <summary>Turns a caller's JSON into template values; all of its text is user text.</summary>
internal static class JsonValues
{
    /// <summary>The value, and in <paramref name="size"/> how many values and characters it has, for the budget.</summary>
    public static TemplateValue Convert(JsonElement element, ref InputSize size)
    {
        size.Values++;
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                return ConvertMap(element, ref size);
            case JsonValueKind.Array:
                List<TemplateValue> items = new(element.GetArrayLength());
                foreach (JsonElement item in element.EnumerateArray())
                {
                    items.Add(Convert(item, ref size));
                }

                return new ListValue(items);
            case JsonValueKind.String:
                return ConvertText(element, ref size);
            case JsonValueKind.Number:
                return ConvertNumber(element);
            case JsonValueKind.True or JsonValueKind.False:
                return BooleanValue.Of(element.ValueKind == JsonValueKind.True);
            default:
                return NoneValue.Instance;
        }
    }

    private static MapValue ConvertMap(JsonElement element, ref InputSize size)
    {
        OrderedDictionary<string, MapEntry> entries = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            size.Characters += property.Name.Length;
            entries[property.Name] = new MapEntry(TextValue.FromUser(property.Name), Convert(property.Value, ref size));
        }

        return new MapValue(entries);
    }

    private static TextValue ConvertText(JsonElement element, ref InputSize size)
    {
        try
        {
            TextValue text = TextValue.FromUser(element.GetString()!);
            size.Characters += text.Text.Length;
            return text;
        }
        catch (InvalidOperationException)
        {
            throw new TemplateException("a string of the input is not valid Unicode");
        }
    }

    private static TemplateValue ConvertNumber(JsonElement element)
    {
        string digits = element.GetRawText();
        bool whole = digits.AsSpan().IndexOfAny('.', 'e', 'E') < 0;
        return whole && Int128.TryParse(digits, System.Globalization.CultureInfo.InvariantCulture, out Int128 value)
            ? new IntegerValue(value)
            : new FloatValue(element.GetDouble());
    }
}

/// <summary>How much a caller has handed in.</summary>
internal record struct InputSize(long Values, long Characters);
