using System.Globalization;
using System.Net;
using System.Text;

namespace DeepSeekOrleans.Simulation.Reporting;

/// <summary>One group of bars of a plot.</summary>
/// <param name="Bars">Label and value; longer is not always better, so the title says what is.</param>
internal sealed record BarGroup(string Title, string Unit, IReadOnlyList<(string Label, double Value)> Bars);

/// <summary>Horizontal bars in groups, as an SVG that reads on light and dark pages.</summary>
internal static class SvgBars
{
    private const int Width = 720;
    private const int LabelWidth = 150;
    private const int ValueWidth = 110;
    private const int RowHeight = 22;
    private const int TitleHeight = 34;

    public static string Draw(string title, IReadOnlyList<BarGroup> groups)
    {
        int height = (2 * TitleHeight) + groups.Sum(group => TitleHeight + (RowHeight * group.Bars.Count));
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"13\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>");
        Text(svg, 12, 24, title, "font-size=\"16\" font-weight=\"bold\"");
        int y = TitleHeight;
        foreach (BarGroup group in groups)
        {
            Text(svg, 12, y + 24, $"{group.Title} ({group.Unit})", "font-weight=\"bold\"");
            y += TitleHeight;
            double longest = group.Bars.Max(bar => bar.Value);
            foreach ((string label, double value) in group.Bars)
            {
                Bar(svg, y, label, value, longest);
                y += RowHeight;
            }
        }

        return svg.AppendLine("</svg>").ToString();
    }

    private static void Bar(StringBuilder svg, int y, string label, double value, double longest)
    {
        double width = longest == 0 ? 0 : value / longest * (Width - LabelWidth - ValueWidth);
        string colour = label.StartsWith(Policies.PrefixAware, StringComparison.Ordinal) ? "#1b6ca8" : "#9aa5b1";
        Text(svg, 12, y + 15, label, "");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect x=\"{LabelWidth}\" y=\"{y + 3}\" width=\"{width:F1}\" height=\"{RowHeight - 6}\" fill=\"{colour}\"/>");
        Text(svg, LabelWidth + width + 6, y + 15, value.ToString(value < 100 ? "F2" : "N0", CultureInfo.InvariantCulture), "");
    }

    private static void Text(StringBuilder svg, double x, int y, string text, string style) =>
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y}\" fill=\"#1f2933\" {style}>{WebUtility.HtmlEncode(text)}</text>");
}
