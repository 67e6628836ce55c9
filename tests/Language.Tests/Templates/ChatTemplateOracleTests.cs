using System.Text.Json;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tests.Tokenization;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.Templates;

/// <summary>72 chats in four published templates; text and ids are those of the reference implementations.</summary>
public sealed class ChatTemplateOracleTests
{
    [SharedDataFact]
    public void Render_OracleChats_GivesOracleTextAndIds()
    {
        List<JsonElement> chats = JsonLines.Read(SharedData.Path("oracle/chat_templates.jsonl"));
        Dictionary<string, ChatTemplate> templates = chats.Select(chat => chat.Text("template")).Distinct().ToDictionary(name => name, Load);

        string[] wrong = [.. chats.Select(chat => Difference(templates[chat.Text("template")], chat)).OfType<string>()];

        Assert.Equal(72, chats.Count);
        Assert.True(wrong.Length == 0, $"{wrong.Length} of {chats.Count} differ: {string.Join("\n", wrong.Take(10))}");
    }

    [Fact]
    public void Render_DemoModelReferences_GivesReferencePrompts()
    {
        ModelLanguage demo = ModelLanguage.Load(Repository.DemoModel);

        Assert.All(JsonLines.Read(Path.Combine(Repository.DemoModel, "expected.jsonl")), line =>
        {
            RenderedPrompt prompt = demo.Template!.Render(new ChatTemplateInput
            {
                Messages = line.GetProperty("messages"),
                Arguments = new Dictionary<string, JsonElement> { ["enable_thinking"] = line.GetProperty("enable_thinking") },
            });

            Assert.Equal(line.Text("prompt"), prompt.Text);
            Assert.Equal(line.Ids("prompt_ids"), prompt.Ids);
            Assert.Equal(line.GetProperty("enable_thinking").GetBoolean(), prompt.StartsInsideThinking);
        });
    }

    private static ChatTemplate Load(string name)
    {
        string folder = name.Replace("_2025-01-20", "", StringComparison.Ordinal);
        string file = name == folder ? TokenizerConfig.FileName : "tokenizer_config.2025-01-20.json";
        TokenizerConfig config = OracleTokenizers.Config(folder, file);
        return ChatTemplate.Parse(config.ChatTemplate!, file, config, OracleTokenizers.Load(folder), TimeProvider.System);
    }

    private static string? Difference(ChatTemplate template, JsonElement chat)
    {
        string name = $"{chat.Text("template")}/{chat.Text("name")}";
        try
        {
            RenderedPrompt prompt = template.Render(new ChatTemplateInput
            {
                Messages = chat.GetProperty("messages"),
                Tools = chat.TryGetProperty("tools", out JsonElement tools) ? tools : null,
                AddGenerationPrompt = chat.GetProperty("add_generation_prompt").GetBoolean(),
            });
            // in this chat the user spells control tokens: the reference falls for it, so only the text is compared (S09 has the ids)
            bool forged = chat.Text("name") == "special_in_user";
            return prompt.Text != chat.Text("rendered") ? $"{name}: text {prompt.Text}"
                : prompt.Ids.SequenceEqual(chat.Ids("ids")) == forged ? $"{name}: ids [{string.Join(',', prompt.Ids)}]"
                : null;
        }
        catch (TemplateException exception)
        {
            return $"{name}: {exception.Message}";
        }
    }
}
