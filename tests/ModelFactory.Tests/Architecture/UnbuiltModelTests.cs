using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.ModelFactory.Tests.Architecture;

public sealed class UnbuiltModelTests
{
    [SharedDataTheory]
    [InlineData("deepseek-v3.2", "index_topk")]
    [InlineData("deepseek-v4", "index_topk")]
    public void Load_ArchitectureThatIsNotBuilt_NamesTheKey(string model, string key)
    {
        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => DecoderConfig.Load(SharedData.Path($"models/tiny/{model}")));

        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    [SharedDataTheory]
    [InlineData("kv_lora_rank", "-1")]
    [InlineData("qk_rope_head_dim", "7")]
    [InlineData("v_head_dim", "1000000000000")]
    [InlineData("n_routed_experts", "\"16\"")]
    [InlineData("n_group", "5")]
    [InlineData("topk_group", "9")]
    [InlineData("num_experts_per_tok", "15")]
    [InlineData("moe_layer_freq", "0")]
    [InlineData("scoring_func", "\"tanh\"")]
    [InlineData("topk_method", "\"random\"")]
    [InlineData("attention_bias", "true")]
    [InlineData("quantization_config", "{\"quant_method\": \"fp8\", \"weight_block_size\": [0, 32]}", "weight_block_size")]
    public void Load_DamagedDeepSeekConfig_NamesTheFileAndTheKey(string key, string value, string? named = null)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("damaged-config-");
        try
        {
            System.Text.Json.Nodes.JsonNode config = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(SharedData.Path("models/tiny/deepseek-v3/config.json")))!;
            config[key] = System.Text.Json.Nodes.JsonNode.Parse(value);
            File.WriteAllText(Path.Combine(directory.FullName, "config.json"), config.ToJsonString());

            ModelFormatException refused = Assert.Throws<ModelFormatException>(() => DecoderConfig.Load(directory.FullName));

            Assert.Equal("config.json", refused.FileName);
            Assert.Contains(named ?? key, refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
