namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>How the scores of a group of experts become one.</summary>
internal enum GroupScore
{
    /// <summary>Groups play no part.</summary>
    None,

    /// <summary>DeepSeek-V2's group_limited_greedy.</summary>
    Largest,

    /// <summary>DeepSeek-V3's noaux_tc.</summary>
    SumOfLargestTwo,
}

/// <summary>A mixture of experts: which layers have one, how large it is, and how tokens choose; from <c>config.json</c>.</summary>
internal sealed record ExpertSettings
{
    public required int Count { get; init; }

    /// <summary>Experts per token.</summary>
    public required int Chosen { get; init; }

    /// <summary>Numbers between the matrices of one expert.</summary>
    public required int Intermediate { get; init; }

    /// <summary>Numbers between the matrices of the experts that every token goes through, taken as one; 0 where there are none.</summary>
    public required int SharedIntermediate { get; init; }

    /// <summary>Layers before this one have a plain feed-forward network.</summary>
    public required int FirstLayer { get; init; }

    /// <summary>Every how many layers there is a mixture.</summary>
    public required int LayerStep { get; init; }

    /// <summary>Scores by sigmoid instead of softmax.</summary>
    public required bool Sigmoid { get; init; }

    /// <summary>A bias per expert is added for the choice alone; the weights come from the bare scores.</summary>
    public required bool HasCorrection { get; init; }

    public required GroupScore GroupScore { get; init; }

    public required int Groups { get; init; }

    /// <summary>Groups that a token may choose from.</summary>
    public required int ChosenGroups { get; init; }

    /// <summary>The weights of the chosen experts are made to add up to 1 before <see cref="Factor"/>.</summary>
    public required bool Normalizes { get; init; }

    public required float Factor { get; init; }

    public bool IsIn(int layer) => layer >= FirstLayer && layer % LayerStep == 0;

    /// <returns>Null for a model without experts.</returns>
    public static ExpertSettings? Parse(ConfigReader config, bool sigmoidByDefault)
    {
        if (!config.Has("n_routed_experts"))
        {
            return null;
        }

        string method = config.Text("topk_method") ?? (sigmoidByDefault ? "noaux_tc" : "greedy");
        GroupScore groupScore = method switch
        {
            "greedy" => GroupScore.None,
            "group_limited_greedy" => GroupScore.Largest,
            "noaux_tc" => GroupScore.SumOfLargestTwo,
            _ => throw config.Refused("topk_method", "must be greedy, group_limited_greedy or noaux_tc"),
        };
        int intermediate = config.Integer("moe_intermediate_size", 1, 1_048_576);
        int groups = groupScore == GroupScore.None ? 1 : config.Integer("n_group", 1, 1024, 1);
        return Checked(config, new ExpertSettings
        {
            Count = config.Integer("n_routed_experts", 1, 4096),
            Chosen = config.Integer("num_experts_per_tok", 1, 4096),
            Intermediate = intermediate,
            SharedIntermediate = intermediate * config.Integer("n_shared_experts", 0, 64, 0),
            FirstLayer = config.Integer("first_k_dense_replace", 0, 1024, 0),
            LayerStep = config.Integer("moe_layer_freq", 1, 1024, 1),
            Sigmoid = ScoresBySigmoid(config, sigmoidByDefault),
            HasCorrection = method == "noaux_tc",
            GroupScore = groups == 1 ? GroupScore.None : groupScore,
            Groups = groups,
            ChosenGroups = groups == 1 ? 1 : config.Integer("topk_group", 1, 1024),
            Normalizes = config.Flag("norm_topk_prob", sigmoidByDefault),
            Factor = (float)config.Number("routed_scaling_factor", 1e-6, 1e6, 1),
        });
    }

    private static bool ScoresBySigmoid(ConfigReader config, bool byDefault) => config.Text("scoring_func") switch
    {
        null => byDefault,
        "softmax" => false,
        "sigmoid" => true,
        _ => throw config.Refused("scoring_func", "must be softmax or sigmoid"),
    };

    private static ExpertSettings Checked(ConfigReader config, ExpertSettings settings)
    {
        int perGroup = settings.Count / settings.Groups;
        if (settings.Count % settings.Groups != 0 || (settings.GroupScore == GroupScore.SumOfLargestTwo && perGroup < 2))
        {
            throw config.Refused("n_group", $"must divide the {settings.Count} experts into groups of one size, of two or more for noaux_tc");
        }

        if (settings.ChosenGroups > settings.Groups)
        {
            throw config.Refused("topk_group", $"must be at most the {settings.Groups} groups");
        }

        return settings.Chosen <= perGroup * settings.ChosenGroups
            ? settings
            : throw config.Refused("num_experts_per_tok", $"must be at most the {perGroup * settings.ChosenGroups} experts that a token may choose from");
    }
}
